#include "glcic/commands/commands.h"

int main(int argc, char** argv) { return kintsugi::run_program(argc, argv, stderr); }
