// Checks every loop of CVectorLoops against a reference in double precision, with each instruction set that the
// processor has. The Swift tests check more shapes, on machines that Swift runs on; this program also runs where there
// is a C compiler alone, or an emulator (Scripts/check_arm).

#include <stdio.h>

#include "CVectorLoops.h"
#include "checks.h"

static const char *name_of(int instruction_set) {
  switch (instruction_set) {
    case vector_x86_64_v4: return "AVX-512";
    case vector_x86_64_v3: return "AVX2";
    default: return "baseline";
  }
}

static void check_processor(void) {
  begin_case("processor");
  bool any = false;
  for (int number = 0; number < 1024; number++) any = any || processor_is_usable(number);
  if (!any || processor_is_usable(-1)) fail("no processor is usable, or one that does not exist is");
  processor_pause();
  end_case();
}

int main(void) {
  for (int limit = vector_baseline; limit <= processor_instruction_set(); limit++) {
    vector_limit_instruction_set(limit);
    printf("%s\n", name_of(vector_instruction_set()));
    check_processor();
    check_elementwise();
    check_random();
    check_losses();
    check_images();
    check_normalization();
    check_pooling();
    check_upsampling();
    check_spectral();
    check_products();
    check_shifted();
    check_winograd();
    check_few_channels();
  }
  return finish() > 0;
}
