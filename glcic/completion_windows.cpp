#include "glcic/completion_windows.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "tensor/error.h"

namespace kintsugi {
namespace {

int64_t round_down(int64_t x, int64_t step) { return x / step * step; }
int64_t round_up(int64_t x, int64_t step) { return (x + step - 1) / step * step; }

/// Hole pixels begin … end − 1 of a row.
struct Run {
  int32_t y, begin, end;
};
using Runs = std::vector<Run>;  // by rows, then columns; never empty

Runs runs_of(const PixelMask& mask, const Hole& part) {
  Runs runs;
  for (int64_t y = part.y; y < part.y + part.height; ++y) {
    const uint8_t *row = mask.row(y), *at = row + part.x, *stop = at + part.width;
    while ((at = std::find(at, stop, 1)) != stop) {
      const uint8_t* end = std::find(at, stop, 0);
      runs.push_back({static_cast<int32_t>(y), static_cast<int32_t>(at - row),
                      static_cast<int32_t>(end - row)});
      at = end;
    }
  }
  return runs;
}

struct Interval {
  int64_t begin = std::numeric_limits<int64_t>::max(), end = 0;

  void take_in(const Interval& other) {
    begin = std::min(begin, other.begin);
    end = std::max(end, other.end);
  }
  int64_t length() const { return end - begin; }
};

/// A box by its rows and columns, in this order or, for the other axis, in reverse.
struct Extents {
  Interval along, across;
};

enum class Axis { rows, columns };

Hole box_of(const Extents& extents, Axis axis) {
  const Interval& rows = axis == Axis::rows ? extents.along : extents.across;
  const Interval& columns = axis == Axis::rows ? extents.across : extents.along;
  return {columns.begin, rows.begin, columns.length(), rows.length()};
}

Hole box_of(const Runs& runs) {
  Extents box{{runs.front().y, runs.back().y + 1}, {}};
  for (const Run& run : runs) box.across.take_in({run.begin, run.end});
  return box_of(box, Axis::rows);
}

/// For each row (or column) of the box, where across it the hole lies.
std::vector<Interval> profile(const Runs& runs, const Hole& box, Axis axis) {
  const bool by_rows = axis == Axis::rows;
  std::vector<Interval> lines(static_cast<size_t>(by_rows ? box.height : box.width));
  for (const Run& run : runs)
    if (by_rows)
      lines[static_cast<size_t>(run.y - box.y)].take_in({run.begin, run.end});
    else
      for (int32_t x = run.begin; x < run.end; ++x)
        lines[static_cast<size_t>(x - box.x)].take_in({run.y, run.y + 1});
  return lines;
}

/// The boxes of the first 1, 2, … lines; `first` is the first's place, `direction` 1 or −1.
std::vector<Extents> growing_boxes(std::vector<Interval> lines, int64_t first, int64_t direction) {
  if (direction < 0) std::reverse(lines.begin(), lines.end());
  std::vector<Extents> boxes;
  Extents box;
  for (const Interval& line : lines) {
    if (line.end > 0) {
      box.along.take_in({first, first + 1});
      box.across.take_in(line);
    }
    boxes.push_back(box);
    first += direction;
  }
  return boxes;
}

struct Cut {
  Axis axis = Axis::rows;
  int64_t place = 0;  // the first row or column of the second part
  double cost = 0;    // of both parts
  int64_t off_centre = 0;

  bool operator<(const Cut& other) const {
    return std::pair(cost, off_centre) < std::pair(other.cost, other.off_centre);
  }
};

/// Splits one picture's hole.
class Splitter {
 public:
  Splitter(const PixelMask& mask, const SplitRules& rules)
      : rules_(rules), height_(mask.height()), width_(mask.width()) {}

  std::vector<Hole> split(const Runs& whole) const {
    if (whole.empty()) return {};
    std::vector<Hole> boxes = split_further(whole).boxes;
    std::sort(boxes.begin(), boxes.end(), [](const Hole& a, const Hole& b) {
      return std::pair(a.y, a.x) < std::pair(b.y, b.x);
    });
    return boxes;
  }

 private:
  struct Split {
    std::vector<Hole> boxes;
    double cost = 0;
  };

  Split split_further(const Runs& runs) const {
    const Hole box = box_of(runs);
    const double whole = cost(box);
    std::optional<Cut> cut = cheapest(runs, box, Axis::rows);
    if (const auto other = cheapest(runs, box, Axis::columns); other && (!cut || *other < *cut))
      cut = other;
    if (cut && cut->cost < whole) return both_parts(runs, *cut);
    if (whole > static_cast<double>(rules_.max_pixels)) return both_parts(runs, even_cut(box));
    if (may_be_hollow(runs, box)) {
      Split halves = both_parts(runs, middle_cut(box));
      if (halves.cost < whole) return halves;
    }
    return {{box}, whole};
  }

  Split both_parts(const Runs& runs, const Cut& cut) const {
    const auto [first, second] = parts(runs, cut);
    Split split = split_further(first), other = split_further(second);
    split.boxes.insert(split.boxes.end(), other.boxes.begin(), other.boxes.end());
    split.cost += other.cost;
    return split;
  }

  /// Whether more than one cut may be cheaper where one is not: a frame, say.
  bool may_be_hollow(const Runs& runs, const Hole& box) const {
    int64_t pixels = 0;
    for (const Run& run : runs) pixels += run.end - run.begin;
    return rules_.gap == 0 && 4 * pixels < box.width * box.height &&
           std::max(box.width, box.height) > 2 * (rules_.reach.before + rules_.reach.after);
  }

  static Cut middle_cut(const Hole& box) {
    if (box.height >= box.width) return {Axis::rows, box.y + box.height / 2, 0, 0};
    return {Axis::columns, box.x + box.width / 2, 0, 0};
  }

  double cost(const Hole& box) const {
    const Hole window = window_around(box, rules_.reach, height_, width_);
    return static_cast<double>(window.width) * static_cast<double>(window.height);
  }

  /// The cheapest cut that leaves the gap; none where there is no such place.
  std::optional<Cut> cheapest(const Runs& runs, const Hole& box, Axis axis) const {
    const std::vector<Interval> lines = profile(runs, box, axis);
    const auto count = static_cast<int64_t>(lines.size());
    const int64_t start = axis == Axis::rows ? box.y : box.x;
    const std::vector<Extents> before = growing_boxes(lines, start, 1);
    const std::vector<Extents> after = growing_boxes(lines, start + count - 1, -1);
    std::optional<Cut> best;
    for (int64_t i = 1; i < count; ++i) {
      const Extents& first = before[static_cast<size_t>(i - 1)];
      const Extents& second = after[static_cast<size_t>(count - 1 - i)];
      if (second.along.begin - first.along.end < rules_.gap) continue;
      const Cut cut{axis, start + i, cost(box_of(first, axis)) + cost(box_of(second, axis)),
                    std::abs(2 * i - count)};
      if (!best || cut < *best) best = cut;
    }
    return best;
  }

  /// Of a box that is too large: its longer side, cut so that all parts come out alike.
  Cut even_cut(const Hole& box) const {
    const bool by_rows = box.height >= box.width;
    const int64_t longer = std::max(box.width, box.height);
    const int64_t shorter = std::min(box.width, box.height);
    const int64_t step = rules_.reach.step;
    const int64_t margin = rules_.reach.before + rules_.reach.after + 2 * (step - 1);
    const int64_t square =
        static_cast<int64_t>(std::sqrt(static_cast<double>(rules_.max_pixels))) - margin;
    const int64_t side =
        std::min(std::min(shorter, std::max(square, step)) + margin, by_rows ? width_ : height_);
    const int64_t fits = round_down(rules_.max_pixels / side - margin, step);
    check(rules_.gap == 0 && fits >= step && longer > step,
          "a part of the hole of {} x {} pixels takes a window of {:.0f} pixels, but the memory is "
          "enough for {}",
          box.width, box.height, cost(box), rules_.max_pixels);
    const int64_t count = std::max((longer + fits - 1) / fits, int64_t{2});
    const int64_t first =
        std::clamp(round_up(longer * (count / 2) / count, step), int64_t{1}, longer - 1);
    return {by_rows ? Axis::rows : Axis::columns, (by_rows ? box.y : box.x) + first, 0, 0};
  }

  static std::pair<Runs, Runs> parts(const Runs& runs, const Cut& cut) {
    std::pair<Runs, Runs> parts;
    const auto place = static_cast<int32_t>(cut.place);
    for (const Run& run : runs)
      if (cut.axis == Axis::rows) {
        (run.y < place ? parts.first : parts.second).push_back(run);
      } else {
        if (run.begin < place) parts.first.push_back({run.y, run.begin, std::min(run.end, place)});
        if (run.end > place) parts.second.push_back({run.y, std::max(run.begin, place), run.end});
      }
    return parts;
  }

  SplitRules rules_;
  int64_t height_, width_;
};

}  // namespace

std::optional<Reach> reach_of(const Model& model) {
  if (model.only_size > 0) return std::nullopt;
  Reach reach;
  int64_t apart = 1;  // input pixels between two pixels of the map
  for (const Footprint& step : model.completion->footprints()) {
    const int64_t extent = step.dilation * (step.kernel - 1);
    if (step.transposed) {
      if (apart % step.stride != 0) return std::nullopt;
      apart /= step.stride;
      reach.before += apart * (extent - step.padding);
      reach.after += apart * step.padding;
    } else {
      reach.before += apart * step.padding;
      reach.after += apart * (extent - step.padding);
      apart *= step.stride;
    }
    reach.step = std::max(reach.step, apart);
  }
  if (apart != 1) return std::nullopt;
  return reach;
}

Hole window_around(const Hole& box, const Reach& reach, int64_t height, int64_t width) {
  const int64_t left = round_down(std::max(box.x - reach.before, int64_t{0}), reach.step);
  const int64_t top = round_down(std::max(box.y - reach.before, int64_t{0}), reach.step);
  return {left, top, std::min(round_up(box.x + box.width + reach.after, reach.step), width) - left,
          std::min(round_up(box.y + box.height + reach.after, reach.step), height) - top};
}

std::vector<Hole> split_hole(const PixelMask& mask, const Hole& part, const SplitRules& rules) {
  return Splitter(mask, rules).split(runs_of(mask, part));
}

double bytes_per_pixel(const Model& model) {
  constexpr int64_t kSide = 256;
  constexpr double kPixels = kSide * kSide;
  constexpr int64_t kInput = 3 + 1 + 4;  // picture, mask, and both as C takes them
  Shape shape{1, kSide, kSide, 4};
  int64_t most = 0;
  for (const auto& [name, layer] : model.completion->children()) {
    const Shape output = layer->output_shape(shape);
    most = std::max(most, shape.numel() + output.numel());
    shape = output;
  }
  return (static_cast<double>(most) / kPixels + kInput) *
         static_cast<double>(size_of(model.mean_pixel.dtype()));
}

}  // namespace kintsugi
