#include "cuda/emulator/stream.h"

#include "cuda/emulator/capture.h"
#include "cuda/emulator/protection.h"
#include "cuda/emulator/shadow.h"

namespace emulator {

std::recursive_mutex& device() {
  static auto& mutex = *new std::recursive_mutex;
  return mutex;
}

Handles<CUstream_st>& streams() {
  static auto& all = *new Handles<CUstream_st>;
  return all;
}

void join(Progress& progress, const Progress& other) {
  for (const auto& [stream, count] : other) progress[stream] = std::max(progress[stream], count);
}

namespace {

Handles<CUevent_st>& events() {
  static auto& all = *new Handles<CUevent_st>;
  return all;
}

/// Spoils the captures that `forbids` names; whether there are any.
template <class Predicate>
bool spoil(Predicate forbids) {
  bool spoiled = false;
  for (const auto& stream : streams()) {
    if (stream->capture == nullptr || !forbids(*stream->capture)) continue;
    stream->capture->spoiled = spoiled = true;
  }
  return spoiled;
}

/// Whether `stream`, which the default stream waits for and waits for it, stops a capture.
bool default_stream_spoils_capture() {
  return spoil([](const Capture&) { return true; });
}

/// A wait for the device in a capture: there, it has not done anything yet.
cudaError_t wait_for(cudaStream_t stream) {
  if (stream == nullptr) {
    if (default_stream_spoils_capture()) return cudaErrorStreamCaptureUnsupported;
  } else if (!streams().has(stream)) {
    return cudaErrorInvalidResourceHandle;
  } else if (stream->capture != nullptr) {
    stream->capture->spoiled = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  settle();
  return cudaSuccess;
}

cudaError_t keep(CUstream_st& stream, Work work) {
  Capture& capture = *stream.capture;
  if (capture.spoiled) return cudaErrorStreamCaptureInvalidated;
  capture.work.push_back(std::move(work));
  stream.before[&stream] = ++capture.all[&stream];
  return cudaSuccess;
}

void run(const Work& work) {
  reserve_arena();
  const OpenArena open;
  work();
}

}  // namespace

bool spoils_capture() {
  return spoil([](const Capture& capture) {
    return capture.mode == cudaStreamCaptureModeGlobal ||
           (capture.mode == cudaStreamCaptureModeThreadLocal &&
            capture.thread == std::this_thread::get_id());
  });
}

cudaError_t submit(cudaStream_t stream, Work work) {
  const std::lock_guard lock(device());
  if (stream != nullptr && !streams().has(stream)) return cudaErrorInvalidResourceHandle;
  if (stream != nullptr && stream->capture != nullptr) return keep(*stream, std::move(work));
  if (stream == nullptr && default_stream_spoils_capture())
    return cudaErrorStreamCaptureUnsupported;
  run(work);
  return cudaSuccess;
}

}  // namespace emulator

using namespace emulator;

// ---- streams ------------------------------------------------------------------------------------

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  const std::lock_guard lock(device());
  if (stream == nullptr || flags > cudaStreamNonBlocking) return finish(cudaErrorInvalidValue);
  *stream = streams().make();
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(device());
  if (!streams().has(stream)) return finish(cudaErrorInvalidResourceHandle);
  if (stream->capture != nullptr) stream->capture->spoiled = true;
  streams().destroy(stream);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::lock_guard lock(device());
  return finish(wait_for(stream));
}

cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }

cudaError_t cudaDeviceSynchronize() { return cudaStreamSynchronize(nullptr); }

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const std::lock_guard lock(device());
  if (!events().has(event)) return finish(cudaErrorInvalidResourceHandle);
  if (stream == nullptr)
    return finish(default_stream_spoils_capture() ? cudaErrorStreamCaptureUnsupported
                                                  : cudaSuccess);
  if (!streams().has(stream)) return finish(cudaErrorInvalidResourceHandle);
  if (event->capture == nullptr) {
    if (stream->capture == nullptr || !event->recorded) return cudaSuccess;
    stream->capture->spoiled = true;
    return finish(cudaErrorStreamCaptureIsolation);
  }
  if (event->capture->ended) return finish(cudaErrorCapturedEvent);
  if (stream->capture != nullptr && stream->capture != event->capture) {
    stream->capture->spoiled = event->capture->spoiled = true;
    return finish(cudaErrorStreamCaptureMerge);
  }
  stream->capture = event->capture;
  join(stream->before, event->before);
  return cudaSuccess;
}

// ---- events -------------------------------------------------------------------------------------

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  const std::lock_guard lock(device());
  if (event == nullptr) return finish(cudaErrorInvalidValue);
  *event = events().make({.timed = (flags & cudaEventDisableTiming) == 0});
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const std::lock_guard lock(device());
  return finish(events().destroy(event) ? cudaSuccess : cudaErrorInvalidResourceHandle);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const std::lock_guard lock(device());
  if (!events().has(event)) return finish(cudaErrorInvalidResourceHandle);
  if (stream == nullptr) {
    if (default_stream_spoils_capture()) return finish(cudaErrorStreamCaptureUnsupported);
  } else if (!streams().has(stream)) {
    return finish(cudaErrorInvalidResourceHandle);
  } else if (stream->capture != nullptr) {
    if (stream->capture->spoiled) return finish(cudaErrorStreamCaptureInvalidated);
    *event = {.timed = event->timed, .capture = stream->capture, .before = stream->before};
    return cudaSuccess;
  }
  *event = {.timed = event->timed, .recorded = std::chrono::steady_clock::now()};
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard lock(device());
  if (!events().has(event)) return finish(cudaErrorInvalidResourceHandle);
  if (event->capture != nullptr) {
    event->capture->spoiled = true;
    return finish(cudaErrorCapturedEvent);
  }
  settle();
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) { return cudaEventSynchronize(event); }

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  const std::lock_guard lock(device());
  for (const cudaEvent_t event : {begin, end})
    if (!events().has(event) || !event->timed || !event->recorded)
      return finish(cudaErrorInvalidResourceHandle);
  *milliseconds =
      std::chrono::duration<float, std::milli>(*end->recorded - *begin->recorded).count();
  return cudaSuccess;
}
