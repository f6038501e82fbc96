// Shows that PoCL 3.1 lets work-groups that run at the same time share one array in local memory: ../pocl-local-memory.md.
// Usage: cc two_sums.c -o two_sums -lOpenCL && ./two_sums [options of the OpenCL compiler]
//
// Each group of 64 work-items computes 64 · group and 0 + 1 + … + 63 with the same function and the same array.

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>

enum { GROUPS = 4096, GROUP = 64, RUNS = 200 };

static const char *source =
    "static inline float sum_of_group(local float *sums, float value) {\n"
    "  const uint item = get_local_id(0);\n"
    "  barrier(CLK_LOCAL_MEM_FENCE);\n"
    "  sums[item] = value;\n"
    "  for (uint half_size = get_local_size(0) / 2; half_size > 0; half_size /= 2) {\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    if (item < half_size) sums[item] += sums[item + half_size];\n"
    "  }\n"
    "  barrier(CLK_LOCAL_MEM_FENCE);\n"
    "  return sums[0];\n"
    "}\n"
    "kernel void two_sums(global float *result) {\n"
    "  local float sums[64];\n"
    "  const float first = sum_of_group(sums, get_group_id(0));\n"
    "  const float second = sum_of_group(sums, get_local_id(0));\n"
    "  if (get_local_id(0) == 0) result[get_group_id(0)] = first + second;\n"
    "}\n";

static void check(cl_int status, const char *call) {
  if (status == CL_SUCCESS) return;
  fprintf(stderr, "%s: error %d\n", call, status);
  exit(2);
}

int main(int argumentCount, char **arguments) {
  cl_int status;
  cl_platform_id platform;
  cl_device_id device;
  check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
  check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL), "clGetDeviceIDs");
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  check(status, "clCreateContext");
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, &status);
  check(status, "clCreateCommandQueue");
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &status);
  check(status, "clCreateProgramWithSource");
  check(clBuildProgram(program, 1, &device, argumentCount > 1 ? arguments[1] : "", NULL, NULL), "clBuildProgram");
  cl_kernel kernel = clCreateKernel(program, "two_sums", &status);
  check(status, "clCreateKernel");
  static float result[GROUPS];
  cl_mem memory = clCreateBuffer(context, CL_MEM_WRITE_ONLY, sizeof result, NULL, &status);
  check(status, "clCreateBuffer");
  check(clSetKernelArg(kernel, 0, sizeof memory, &memory), "clSetKernelArg");

  const size_t items = (size_t)GROUPS * GROUP, group = GROUP;
  long wrong = 0;
  for (int run = 0; run < RUNS; run++) {
    check(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, &group, 0, NULL, NULL), "clEnqueueNDRangeKernel");
    check(clEnqueueReadBuffer(queue, memory, CL_TRUE, 0, sizeof result, result, 0, NULL, NULL), "clEnqueueReadBuffer");
    for (int i = 0; i < GROUPS; i++) wrong += result[i] != (float)i * GROUP + GROUP * (GROUP - 1) / 2;
  }
  printf("%ld of %d sums are wrong\n", wrong, RUNS * GROUPS);
  return wrong != 0;
}
