#pragma once
#include <cstddef>
#include <functional>
#include <mutex>

#include "cuda/emulator/status.h"

/// Streams, events and graphs. The emulator has one thing to do at a time: work is done at once
/// when it is submitted to a stream, and every event has happened when it is recorded. Only a
/// stream that is being captured keeps its work, in order, for the graph that is made of it.

// ---- streams ------------------------------------------------------------------------------------

using cudaStream_t = struct CUstream_st*;
using cudaEvent_t = struct CUevent_st*;

constexpr unsigned cudaStreamDefault = 0, cudaStreamNonBlocking = 1;

cudaError_t cudaStreamCreate(cudaStream_t* stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamQuery(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaDeviceSynchronize();

// ---- events -------------------------------------------------------------------------------------

constexpr unsigned cudaEventDefault = 0, cudaEventBlockingSync = 1, cudaEventDisableTiming = 2;

cudaError_t cudaEventCreate(cudaEvent_t* event);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = nullptr);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventQuery(cudaEvent_t event);
/// Of the host's clock.
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end);

// ---- graphs -------------------------------------------------------------------------------------

using cudaGraph_t = struct CUgraph_st*;
using cudaGraphNode_t = struct CUgraphNode_st*;
using cudaGraphExec_t = struct CUgraphExec_st*;

enum cudaStreamCaptureMode {
  cudaStreamCaptureModeGlobal = 0,
  cudaStreamCaptureModeThreadLocal = 1,
  cudaStreamCaptureModeRelaxed = 2,
};
enum cudaStreamCaptureStatus {
  cudaStreamCaptureStatusNone = 0,
  cudaStreamCaptureStatusActive = 1,
  cudaStreamCaptureStatusInvalidated = 2,
};

/// From here to the end, what is submitted to the stream is kept, not done: launches, asynchronous
/// copies and fills. A stream that waits for an event of a captured one is captured too, and has to
/// be waited for before the end. What waits for the device, allocates, or uses the default stream
/// fails meanwhile with cudaErrorStreamCaptureUnsupported and spoils the capture.
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status);

/// The number of nodes, and, where `nodes` is not null, at most *count of them.
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* runnable, cudaGraph_t graph,
                                 unsigned long long flags = 0);
/// Does the work of the graph, in the order in which it was captured.
cudaError_t cudaGraphLaunch(cudaGraphExec_t runnable, cudaStream_t stream);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t runnable);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);

// ---- for the emulator itself --------------------------------------------------------------------

namespace emulator {

/// One host thread at a time uses the device.
std::recursive_mutex& device();

using Work = std::function<void()>;

/// Does the work, device memory open to it, or keeps it where the stream is being captured.
cudaError_t submit(cudaStream_t stream, Work work);

/// For calls that no capture survives in which they are made: true, the capture spoiled, where
/// there is one that forbids them.
bool spoils_capture();

}  // namespace emulator
