#include "glcic/loader.h"

#include <fmt/core.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <variant>

#include "glcic/shuffle.h"
#include "tensor/error.h"
#include "tensor/random.h"

namespace kintsugi {
namespace {

/// Streams of the run's seed from here on belong to the loader: one for each picture it draws.
constexpr uint64_t kFirstStream = uint64_t{1} << 62;
/// So many damaged pictures in a row, and the folder is not worth going on with.
constexpr int64_t kMostSkipped = 1000;

/// Fills in what is left to the loader, and refuses what cannot work.
LoaderOptions complete(const Dataset& dataset, LoaderOptions options) {
  check(dataset.size() > 0, "loader: the dataset is empty");
  check(options.size > 0 && options.batch > 0 && options.first_step >= 0,
        "loader: size {}, batch {} and first step {} cannot be", options.size, options.batch,
        options.first_step);
  if (options.hole_range == HoleRange{}) options.hole_range = default_hole_range(options.size);
  if (options.scale_range == 0) options.scale_range = dataset.scale_range();
  const HoleRange sides = options.hole_range;
  check(sides.low >= 1 && sides.low <= sides.high && sides.high <= options.size,
        "loader: hole sides from {} to {} do not fit pictures of {} x {} pixels", sides.low,
        sides.high, options.size, options.size);
  check(options.scale_range >= 1, "loader: scale range {} is below 1", options.scale_range);
  options.threads = std::max(options.threads, 1);
  options.read_ahead = std::max(options.read_ahead, options.threads);
  return options;
}

Tensor readable_picture(const Dataset& dataset, int64_t index, const LoaderOptions& options,
                        Generator& generator, std::vector<std::string>& skipped) {
  const int64_t attempts = std::min(dataset.size(), kMostSkipped);
  for (int64_t i = 0; i < attempts; ++i) try {
      return training_picture(dataset, (index + i) % dataset.size(), options.size,
                              options.scale_range, generator);
    } catch (const Error& error) {
      if (options.strict) throw;
      skipped.emplace_back(error.what());
    }
  throw Error(fmt::format("loader: {} pictures in a row cannot be read; the last: {}", attempts,
                          skipped.back()));
}

}  // namespace

Batch make_batch(const Dataset& dataset, const LoaderOptions& wanted, int64_t step) {
  const LoaderOptions options = complete(dataset, wanted);
  const int64_t size = options.size;
  Batch batch;
  batch.images = Tensor::empty({options.batch, size, size, 3});
  float* image = batch.images.data<float>();
  for (int64_t i = 0; i < options.batch; ++i) {
    const int64_t position = step * options.batch + i;
    Generator generator{.seed = options.seed,
                        .stream = kFirstStream + static_cast<uint64_t>(position)};
    batch.holes.push_back(random_hole(options.hole_range, size, size, generator));
    batch.real_regions.push_back(random_hole(options.hole_range, size, size, generator));
    const int64_t index = shuffled(position % dataset.size(), dataset.size(), options.seed,
                                   static_cast<uint64_t>(position / dataset.size()));
    const Tensor picture = readable_picture(dataset, index, options, generator, batch.skipped);
    image = std::copy_n(picture.data<float>(), picture.numel(), image);
  }
  batch.masks = masks_from_holes(batch.holes, size, size);
  return batch;
}

struct Loader::State {
  State(const Dataset& pictures, const LoaderOptions& settings)
      : dataset(pictures),
        options(complete(pictures, settings)),
        claimed(options.first_step),
        handed_out(options.first_step) {
    try {
      for (int i = 0; i < options.threads; ++i) threads.emplace_back([this] { work(); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ~State() { stop(); }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    room.notify_all();
    threads.clear();  // joins
  }

  void work() {
    for (;;) {
      int64_t step;
      {
        std::unique_lock lock(mutex);
        room.wait(lock, [&] { return stopping || claimed < handed_out + options.read_ahead; });
        if (stopping) return;
        step = claimed++;
      }
      Result result;
      try {
        result = make_batch(dataset, options, step);
      } catch (...) {
        result = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex);
        ready[step] = std::move(result);
      }
      filled.notify_all();
    }
  }

  using Result = std::variant<Batch, std::exception_ptr>;

  const Dataset& dataset;
  const LoaderOptions options;
  std::mutex mutex;  // guards all below but the threads and the set of names
  std::condition_variable room, filled;
  int64_t claimed;     // the next step that a thread will make
  int64_t handed_out;  // the next step that next() will return
  std::map<int64_t, Result> ready;
  bool stopping = false;
  std::set<std::string> skipped;
  std::vector<std::jthread> threads;
};

Loader::Loader(const Dataset& dataset, LoaderOptions options)
    : state_(std::make_unique<State>(dataset, options)) {}

Loader::~Loader() = default;

Batch Loader::next() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.filled.wait(lock, [&] { return state.ready.contains(state.handed_out); });
  const auto slot = state.ready.find(state.handed_out);
  if (const auto* failure = std::get_if<std::exception_ptr>(&slot->second))
    std::rethrow_exception(*failure);
  Batch batch = std::move(std::get<Batch>(slot->second));
  state.ready.erase(slot);
  ++state.handed_out;
  lock.unlock();
  state.room.notify_all();
  for (const std::string& sentence : batch.skipped)
    if (state.skipped.insert(sentence).second) fmt::print(stderr, "skipped: {}\n", sentence);
  return batch;
}

int64_t Loader::skipped() const { return static_cast<int64_t>(state_->skipped.size()); }

}  // namespace kintsugi
