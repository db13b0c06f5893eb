#include "glcic/evaluation_scores.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <set>

#include "glcic/completer.h"
#include "glcic/inpainting/method.h"
#include "glcic/post_processing.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

/// work(0) … work(count − 1) on all threads; throws what the first of them, by number, threw.
void in_parallel(int64_t count, const std::function<void(int64_t)>& work) {
  std::vector<std::exception_ptr> errors(static_cast<size_t>(count));
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < count; ++i) {
    try {
      work(i);
    } catch (...) {
      errors[static_cast<size_t>(i)] = std::current_exception();
    }
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

/// Does `work` and returns how many seconds it took.
template <class Work>
double timed(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// [N, H, W, C]
Tensor stacked(const std::vector<Tensor>& pictures) {
  std::vector<Tensor> rows;
  for (const Tensor& picture : pictures)
    rows.push_back(picture.reshape({1, picture.size(0), picture.size(1), picture.size(2)}));
  return ops::concat(rows, 0);
}

/// Picture n of a batch [N, H, W, C], as [H, W, C].
Tensor picture_of(const Tensor& batch, int64_t n) {
  return ops::slice(batch, 0, n, 1).reshape({batch.size(1), batch.size(2), batch.size(3)});
}

/// A row of the tables: a system with its post-processing, or a method that learns nothing.
struct Contender {
  std::string name;
  size_t system = 0;
  Post post = Post::none;
  const FillMethod* fill = nullptr;  // null for a system
};

std::vector<Contender> contenders_of(const std::vector<NamedModel>& systems,
                                     const EvaluationOptions& options) {
  std::vector<Contender> contenders;
  for (const std::string& post : options.posts) {
    const bool is_none = post_from_string(post) == Post::none;
    check(!options.raw || is_none,
          "evaluate: raw output is measured without post-processing, not with {}", post);
    const std::string& name = systems.front().name;
    contenders.push_back({.name = is_none ? name : name + " + " + post,
                          .system = 0,
                          .post = post_from_string(post)});
  }
  for (size_t i = 1; i < systems.size(); ++i)
    contenders.push_back({.name = systems[i].name, .system = i});
  if (options.baselines)
    for (const FillMethod& method : fill_methods())
      contenders.push_back({.name = method.title, .fill = &method});
  for (const std::string& name : options.methods)
    contenders.push_back({.name = fill_method(name).title, .fill = &fill_method(name)});

  std::set<std::string> names;
  for (const Contender& contender : contenders)
    check(names.insert(contender.name).second, "evaluate: two methods are called \"{}\"",
          contender.name);
  return contenders;
}

/// Which picture is which: `count` of the dataset's, spread evenly.
struct Selection {
  const Dataset& dataset;
  int64_t count;

  int64_t index(int64_t number) const { return number * dataset.size() / count; }
};

/// A picture with one of its holes.
struct Task {
  size_t place = 0;  // picture · bins + bin
  Tensor picture, mask;
};

/// The contact sheet, filled from several threads. Row r shows picture r·pictures / rows with its
/// hole of bin r mod bins.
class SheetBuilder {
 public:
  SheetBuilder(const Selection& selection, const EvaluationOptions& options,
               const std::vector<Contender>& contenders) {
    const std::vector<HoleBin>& bins = hole_bins(options.holes.rule);
    const size_t each = std::max<size_t>(bins.size(), 1);
    const int64_t rows = std::min(options.sheet_pictures, selection.count);
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t number = row * selection.count / rows;
      const size_t bin = static_cast<size_t>(row) % each;
      places_.push_back(static_cast<size_t>(number) * each + bin);
      const std::string name = selection.dataset.name(selection.index(number));
      sheet_.rows.push_back(bins.empty() ? name : fmt::format("{}, hole {}", name, bins[bin].name));
    }
    if (rows == 0) return;
    sheet_.columns = {"original", "masked"};
    for (const Contender& contender : contenders) sheet_.columns.push_back(contender.name);
    sheet_.pictures.resize(sheet_.rows.size() * sheet_.columns.size());
  }

  void put(const Task& task, size_t column, const Tensor& picture) {
    const auto found = std::find(places_.begin(), places_.end(), task.place);
    if (found == places_.end()) return;
    const auto row = static_cast<size_t>(found - places_.begin());
    sheet_.pictures[row * sheet_.columns.size() + column] = picture;
  }
  EvaluationSheet finish() { return std::move(sheet_); }

 private:
  EvaluationSheet sheet_;
  std::vector<size_t> places_;  // of each row
};

std::vector<Task> read_tasks(const Selection& selection, const EvaluationOptions& options,
                             int64_t first, int64_t count) {
  const size_t bins = std::max<size_t>(hole_bins(options.holes.rule).size(), 1);
  std::vector<Task> tasks(static_cast<size_t>(count) * bins);
  in_parallel(count, [&](int64_t n) {
    const int64_t index = selection.index(first + n);
    const Tensor picture = evaluation_picture(selection.dataset, index, options.size);
    for (size_t bin = 0; bin < bins; ++bin)
      tasks[static_cast<size_t>(n) * bins + bin] = {
          static_cast<size_t>(first + n) * bins + bin, picture,
          evaluation_mask(options.holes, options.size, index, bin)};
  });
  return tasks;
}

/// What a system made of all tasks at once, [N, S, S, 3], and how long that took.
struct Output {
  Tensor pictures;
  double seconds = 0.0;
};

std::vector<Output> run_systems(const std::vector<NamedModel>& systems,
                                const std::vector<Task>& tasks) {
  std::vector<Tensor> pictures, masks;
  for (const Task& task : tasks) {
    pictures.push_back(task.picture);
    masks.push_back(task.mask);
  }
  const Tensor images = stacked(pictures), holes = stacked(masks);
  std::vector<Output> outputs(systems.size());
  for (size_t i = 0; i < systems.size(); ++i)
    outputs[i].seconds =
        timed([&] { outputs[i].pictures = run_completion(systems[i].model, images, holes); });
  return outputs;
}

/// Collects the scores and the sheet, some tasks at a time.
class Contest {
 public:
  Contest(const std::vector<NamedModel>& systems, const Dataset& dataset,
          const EvaluationOptions& options)
      : systems_(systems),
        options_(options),
        contenders_(contenders_of(systems, options)),
        selection_{dataset,
                   options.limit == 0 ? dataset.size() : std::min(dataset.size(), options.limit)},
        bins_(std::max<size_t>(hole_bins(options.holes.rule).size(), 1)),
        mean_pixel_(systems.front().model.mean_pixel.to(Device::cpu).to(DType::float32)),
        sheet_(selection_, options, contenders_) {
    const size_t holes = static_cast<size_t>(selection_.count) * bins_;
    for (const Contender& contender : contenders_)
      scores_.push_back({contender.name, std::vector<Figures>(holes), 0.0});
  }

  EvaluationScores run() {
    const int64_t at_once = std::max(options_.batch / static_cast<int64_t>(bins_), int64_t{1});
    for (int64_t first = 0; first < selection_.count; first += at_once) {
      const int64_t end = std::min(first + at_once, selection_.count);
      score(read_tasks(selection_, options_, first, end - first));
      if (options_.progress) options_.progress(end, selection_.count);
    }
    return {selection_.count, static_cast<int64_t>(bins_), std::move(scores_), sheet_.finish()};
  }

 private:
  void score(const std::vector<Task>& tasks) {
    const std::vector<Output> outputs = run_systems(systems_, tasks);
    std::vector<double> seconds(contenders_.size() * tasks.size());
    in_parallel(static_cast<int64_t>(seconds.size()), [&](int64_t k) {
      const size_t i = static_cast<size_t>(k) / tasks.size();
      const size_t n = static_cast<size_t>(k) % tasks.size();
      Tensor filled;
      seconds[static_cast<size_t>(k)] =
          timed([&] { filled = fill(contenders_[i], tasks[n], outputs, n); });
      scores_[i].holes[tasks[n].place] = measure(filled, tasks[n].picture, tasks[n].mask);
      sheet_.put(tasks[n], i + 2, filled);
    });
    for (size_t k = 0; k < seconds.size(); ++k) scores_[k / tasks.size()].seconds += seconds[k];
    for (size_t i = 0; i < contenders_.size(); ++i)
      if (contenders_[i].fill == nullptr)
        scores_[i].seconds += outputs[contenders_[i].system].seconds;
    for (const Task& task : tasks) {
      sheet_.put(task, 0, task.picture);
      sheet_.put(task, 1, ops::where(task.mask, mean_pixel_.reshape({1, 1, 3}), task.picture));
    }
  }

  /// What a contender makes of task n.
  Tensor fill(const Contender& contender, const Task& task, const std::vector<Output>& outputs,
              size_t n) const {
    if (contender.fill != nullptr)
      return contender.fill->fill(task.picture, task.mask,
                                  {.mean_pixel = mean_pixel_, .seed = options_.holes.seed});
    const Tensor output = picture_of(outputs[contender.system].pictures, static_cast<int64_t>(n));
    if (options_.raw) return output;
    return post_process(contender.post, task.picture, task.mask, output);
  }

  const std::vector<NamedModel>& systems_;
  const EvaluationOptions& options_;
  std::vector<Contender> contenders_;
  Selection selection_;
  size_t bins_;  // 1 where there are none
  Tensor mean_pixel_;
  SheetBuilder sheet_;
  std::vector<MethodScores> scores_;
};

}  // namespace

EvaluationScores score_methods(const std::vector<NamedModel>& systems, const Dataset& dataset,
                               const EvaluationOptions& options) {
  return Contest(systems, dataset, options).run();
}

}  // namespace kintsugi
