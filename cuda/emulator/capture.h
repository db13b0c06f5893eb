#pragma once
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "cuda/emulator/stream.h"

/// What streams, events and graphs are made of.
namespace emulator {

/// How much of each stream's work comes before something: the first n kept by that stream.
using Progress = std::map<cudaStream_t, size_t>;

void join(Progress& progress, const Progress& other);

/// Work that streams keep instead of doing it.
struct Capture {
  cudaStream_t origin;
  cudaStreamCaptureMode mode;
  std::thread::id thread = std::this_thread::get_id();
  bool spoiled = false;
  bool ended = false;
  std::vector<Work> work{};
  Progress all{};  ///< how much each stream has kept
};

/// The objects behind CUDA's handles: only a handle that was made here, and not destroyed, counts.
template <class T>
class Handles {
 public:
  T* make(T object = {}) {
    return objects_.emplace_back(std::make_unique<T>(std::move(object))).get();
  }
  bool has(const T* handle) const { return find(handle) != objects_.end(); }
  bool destroy(const T* handle) {
    const auto found = find(handle);
    if (found == objects_.end()) return false;
    objects_.erase(found);
    return true;
  }
  auto begin() const { return objects_.begin(); }
  auto end() const { return objects_.end(); }

 private:
  auto find(const T* handle) const {
    return std::ranges::find(objects_, handle, [](const auto& object) { return object.get(); });
  }

  std::vector<std::unique_ptr<T>> objects_;
};

Handles<CUstream_st>& streams();

}  // namespace emulator

struct CUstream_st {
  std::shared_ptr<emulator::Capture> capture{};  ///< null where the stream is not captured
  emulator::Progress before{};  ///< in a capture: what comes before the stream's next work
};

struct CUevent_st {
  bool timed = true;
  std::optional<std::chrono::steady_clock::time_point> recorded{};
  std::shared_ptr<emulator::Capture> capture{};  ///< in which it was recorded last
  emulator::Progress before{};
};
