#include "examples/context_encoder/context_encoder.h"
#include "glcic/commands/commands.h"

int main(int argc, char** argv) {
  kintsugi::register_architecture(kintsugi::context_encoder_architecture());
  return kintsugi::run_program(argc, argv, stderr);
}
