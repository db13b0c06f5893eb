#include <utility>

#include "cuda/check.h"
#include "cuda/context.h"
#include "cuda/recording.h"
#include "tensor/allocator.h"

namespace kintsugi::cuda {
namespace {

/// The stream notes launches instead of carrying them out, for as long as this lives. Other threads
/// may go on asking the device for memory meanwhile.
class Capture {
 public:
  Capture() {
    check(cudaStreamBeginCapture(context().stream, cudaStreamCaptureModeRelaxed),
          "cudaStreamBeginCapture");
  }
  /// Where work() threw: what has been noted is dropped.
  ~Capture() {
    if (ended_) return;
    if (const cudaGraph_t graph = end(); graph != nullptr) cudaGraphDestroy(graph);
    static_cast<void>(cudaGetLastError());  // else the next call reports it again
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  cudaGraph_t finish() {
    const cudaGraph_t graph = end();
    check(status_, "cudaStreamEndCapture");
    return graph;
  }

 private:
  cudaGraph_t end() {
    cudaGraph_t graph = nullptr;
    status_ = cudaStreamEndCapture(context().stream, &graph);
    ended_ = true;
    return graph;
  }

  bool ended_ = false;
  cudaError_t status_ = cudaSuccess;
};

class GraphRecording final : public Recording {
 public:
  /// `memory`: where all tensors of the work lie; it must not serve anybody else as long as the
  /// graph may run.
  GraphRecording(cudaGraph_t graph, std::shared_ptr<CachingAllocator> memory)
      : memory_(std::move(memory)) {
    const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "cudaGraphInstantiate");
  }
  ~GraphRecording() override {
    cudaStreamSynchronize(context().stream);  // a replay may still be under way
    cudaGraphExecDestroy(executable_);
  }

  void replay() override {
    check(cudaGraphLaunch(executable_, context().stream), "cudaGraphLaunch");
  }

 private:
  std::shared_ptr<CachingAllocator> memory_;
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace

std::unique_ptr<Recording> record_graph(const std::function<void()>& work) {
  release_cached_memory(Device::cuda);  // the recording needs as much as the work took before
  auto memory = std::make_shared<CachingAllocator>(cuda_backend(), Device::cuda,
                                                   CachingAllocator::Purpose::recording);
  const AllocatorScope scope(memory, Device::cuda);
  Capture capture;
  work();
  return std::make_unique<GraphRecording>(capture.finish(), std::move(memory));
}

}  // namespace kintsugi::cuda
