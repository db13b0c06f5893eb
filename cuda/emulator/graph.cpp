#include "cuda/emulator/capture.h"
#include "cuda/emulator/stream.h"

struct CUgraphNode_st {
  emulator::Work work;
};

struct CUgraph_st {
  std::vector<std::shared_ptr<CUgraphNode_st>> nodes{};
};

struct CUgraphExec_st {
  std::vector<std::shared_ptr<CUgraphNode_st>> nodes{};
};

namespace emulator {
namespace {

Handles<CUgraph_st>& graphs() {
  static auto& all = *new Handles<CUgraph_st>;
  return all;
}

Handles<CUgraphExec_st>& runnable_graphs() {
  static auto& all = *new Handles<CUgraphExec_st>;
  return all;
}

/// Whether the stream in which the capture began comes after everything that was kept.
bool joined(const Capture& capture) {
  const Progress& before = capture.origin->before;
  return std::ranges::all_of(capture.all, [&](const auto& kept) {
    const auto found = before.find(kept.first);
    return found != before.end() && found->second == kept.second;
  });
}

/// The streams of the capture do their work at once again.
void end(const std::shared_ptr<Capture>& capture) {
  capture->ended = true;
  for (const auto& stream : streams())
    if (stream->capture == capture) *stream = {};
}

CUgraph_st graph_of(const Capture& capture) {
  CUgraph_st graph;
  for (const Work& work : capture.work)
    graph.nodes.push_back(std::make_shared<CUgraphNode_st>(CUgraphNode_st{work}));
  return graph;
}

}  // namespace
}  // namespace emulator

using namespace emulator;

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  const std::lock_guard lock(device());
  if (stream == nullptr) return finish(cudaErrorStreamCaptureUnsupported);
  if (!streams().has(stream)) return finish(cudaErrorInvalidResourceHandle);
  if (stream->capture != nullptr) return finish(cudaErrorIllegalState);
  stream->capture = std::make_shared<Capture>(Capture{.origin = stream, .mode = mode});
  stream->before = {};
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const std::lock_guard lock(device());
  if (graph == nullptr) return finish(cudaErrorInvalidValue);
  *graph = nullptr;
  if (!streams().has(stream)) return finish(cudaErrorInvalidResourceHandle);
  const std::shared_ptr<Capture> capture = stream->capture;
  if (capture == nullptr) return finish(cudaErrorIllegalState);
  if (capture->origin != stream) {
    capture->spoiled = true;
    return finish(cudaErrorStreamCaptureUnmatched);
  }
  const bool complete = joined(*capture);
  end(capture);
  if (capture->spoiled) return finish(cudaErrorStreamCaptureInvalidated);
  if (!complete) return finish(cudaErrorStreamCaptureUnjoined);
  *graph = graphs().make(graph_of(*capture));
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const std::lock_guard lock(device());
  if (status == nullptr) return finish(cudaErrorInvalidValue);
  if (stream != nullptr && !streams().has(stream)) return finish(cudaErrorInvalidResourceHandle);
  if (stream == nullptr || stream->capture == nullptr)
    *status = cudaStreamCaptureStatusNone;
  else
    *status = stream->capture->spoiled ? cudaStreamCaptureStatusInvalidated
                                       : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  const std::lock_guard lock(device());
  if (!graphs().has(graph) || count == nullptr) return finish(cudaErrorInvalidValue);
  if (nodes == nullptr) {
    *count = graph->nodes.size();
    return cudaSuccess;
  }
  *count = std::min(*count, graph->nodes.size());
  for (size_t i = 0; i < *count; ++i) nodes[i] = graph->nodes[i].get();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* runnable, cudaGraph_t graph, unsigned long long) {
  const std::lock_guard lock(device());
  if (runnable == nullptr || !graphs().has(graph)) return finish(cudaErrorInvalidValue);
  *runnable = runnable_graphs().make({.nodes = graph->nodes});
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t runnable, cudaStream_t stream) {
  const std::lock_guard lock(device());
  if (!runnable_graphs().has(runnable)) return finish(cudaErrorInvalidValue);
  return finish(submit(stream, [nodes = runnable->nodes] {
    for (const auto& node : nodes) node->work();
  }));
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t runnable) {
  const std::lock_guard lock(device());
  return finish(runnable_graphs().destroy(runnable) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  const std::lock_guard lock(device());
  return finish(graphs().destroy(graph) ? cudaSuccess : cudaErrorInvalidValue);
}
