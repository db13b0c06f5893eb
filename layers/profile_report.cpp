#include "layers/profile_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace kintsugi {

namespace {

constexpr double kMebibyte = double{1 << 20}, kGibibyte = double{1 << 30};

struct Row {
  std::string name;
  int64_t calls = 0;
  int64_t nanoseconds = 0;
  OpCost cost;
};

void add(Row& row, const OpTotals& totals) {
  row.calls += totals.calls;
  row.nanoseconds += totals.nanoseconds;
  row.cost.operations += totals.cost.operations;
  row.cost.bytes += totals.cost.bytes;
}

/// The ops summed over what `name_of` gives one name, in order of first appearance.
std::vector<Row> grouped(const std::vector<OpTotals>& ops,
                         const std::function<std::string(const OpTotals&)>& name_of) {
  std::vector<Row> rows;
  for (const OpTotals& totals : ops) {
    const std::string name = name_of(totals);
    auto row = std::find_if(rows.begin(), rows.end(),
                            [&](const Row& known) { return known.name == name; });
    if (row == rows.end()) row = rows.insert(row, {.name = name, .cost = {}});
    add(*row, totals);
  }
  return rows;
}

Row all_ops(const Profile& profile) {
  Row all{.name = "all ops", .cost = {}};
  for (const OpTotals& totals : profile.ops) add(all, totals);
  return all;
}

double percent(int64_t part, int64_t whole) {
  return whole > 0 ? 100 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

/// `amount` a nanosecond in units of `unit` a second; empty where there is none.
std::string rate(int64_t amount, int64_t nanoseconds, double unit) {
  if (amount == 0 || nanoseconds == 0) return "";
  return fmt::format("{:.1f}",
                     static_cast<double>(amount) / static_cast<double>(nanoseconds) * 1e9 / unit);
}

/// Lines of one table, with the first column as wide as its longest name.
class Table {
 public:
  Table(const char* heading, const std::vector<Row>& rows, int64_t wall)
      : width_(std::string_view("outside of layers, backward").size()), wall_(wall) {
    for (const Row& row : rows) width_ = std::max(width_, row.name.size());
    text_ = fmt::format("{:<{}}{:>10}{:>13}{:>9}{:>10}{:>12}{:>8}\n", heading, width_, "calls",
                        "time, ms", "share", "GFLOP/s", "MiB", "GiB/s");
  }
  void time(std::string_view name, std::string_view calls, int64_t nanoseconds) {
    text_ += fmt::format("{:<{}}{:>10}{:>13.2f}{:>7.1f} %", name, width_, calls,
                         static_cast<double>(nanoseconds) * 1e-6, percent(nanoseconds, wall_));
  }
  void row(const Row& row) {
    time(row.name, std::to_string(row.calls), row.nanoseconds);
    text_ += fmt::format("{:>10}{:>12.1f}{:>8}\n", rate(row.cost.operations, row.nanoseconds, 1e9),
                         static_cast<double>(row.cost.bytes) / kMebibyte,
                         rate(row.cost.bytes, row.nanoseconds, kGibibyte));
  }
  void time_line(std::string_view name, std::string_view calls, int64_t nanoseconds) {
    time(name, calls, nanoseconds);
    text_ += "\n";
  }
  const std::string& text() const { return text_; }

 private:
  size_t width_;
  int64_t wall_;
  std::string text_;
};

std::string caption(const Profile& profile, const Row& all) {
  return fmt::format(
      "{:.2f} s of wall time, {:.1f} % of it in ops; tensors took {:.1f} MiB at most.\n"
      "GFLOP/s: multiplications and additions of the plain convolution or matrix product, whatever "
      "the\nalgorithm, over time. MiB: what the calls read and wrote.\n",
      static_cast<double>(profile.nanoseconds) * 1e-9,
      percent(all.nanoseconds, profile.nanoseconds),
      static_cast<double>(profile.peak_bytes) / kMebibyte);
}

std::string layer_name(const OpTotals& totals) {
  const std::string& path = scope_path(totals.place.scope);
  return fmt::format("{}, {}", path.empty() ? "outside of layers" : path,
                     to_string(totals.place.pass));
}

/// By scope in the order in which each was first run, and by pass within it; kNoScope last.
std::vector<OpTotals> in_order_of_layers(std::vector<OpTotals> ops) {
  std::vector<ScopeId> order;
  for (const OpTotals& totals : ops)
    if (std::find(order.begin(), order.end(), totals.place.scope) == order.end())
      order.push_back(totals.place.scope);
  auto position = [&](const OpTotals& totals) {
    const auto found = totals.place.scope == kNoScope
                           ? order.end()
                           : std::find(order.begin(), order.end(), totals.place.scope);
    return std::pair(found - order.begin(), totals.place.pass);
  };
  std::stable_sort(ops.begin(), ops.end(),
                   [&](const OpTotals& a, const OpTotals& b) { return position(a) < position(b); });
  return ops;
}

}  // namespace

std::string op_table(const Profile& profile) {
  std::vector<Row> rows =
      grouped(profile.ops, [](const OpTotals& totals) { return std::string(totals.op); });
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.nanoseconds > b.nanoseconds; });
  const Row all = all_ops(profile);
  const int64_t outside = profile.nanoseconds - all.nanoseconds;
  Table table("op", rows, profile.nanoseconds);
  for (const Row& row : rows) table.row(row);
  table.row(all);
  table.time_line("outside of ops", "", outside);
  int64_t elsewhere = outside;
  for (const RegionTotals& region : profile.regions) {
    table.time_line(fmt::format("  {}", region.name), std::to_string(region.calls),
                    region.own_nanoseconds);
    elsewhere -= region.own_nanoseconds;
  }
  if (!profile.regions.empty()) table.time_line("  elsewhere", "", elsewhere);
  table.time_line("wall time", "", profile.nanoseconds);
  return caption(profile, all) + "\n" + table.text();
}

std::string layer_table(const Profile& profile) {
  const std::vector<Row> rows = grouped(in_order_of_layers(profile.ops), layer_name);
  Table table("layer", rows, profile.nanoseconds);
  for (const Row& row : rows) table.row(row);
  table.row(all_ops(profile));
  return table.text();
}

}  // namespace kintsugi
