#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include "limited_opencl.h"

#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <CL/cl_icd.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- Limits ----

static struct {
  size_t group, items[3], kernel_group;
  cl_ulong local, allocation, memory, type;
  cl_uint alignment;
  bool no_images, no_doubles;
  /// −1 for none of its own.
  int pci_bus, uuid;
} limits;

/// Returns the text behind `name=` in `text`; NULL where there is no such word.
static const char *word(const char *text, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = text; (at = strstr(at, name)) != NULL; at += length)
    if ((at == text || at[-1] == ' ') && at[length] == '=') return at + length + 1;
  return NULL;
}

/// Returns the number of the word `name`; `otherwise` where there is none.
static unsigned long long number(const char *text, const char *name, unsigned long long otherwise) {
  const char *value = word(text, name);
  return value ? strtoull(value, NULL, 10) : otherwise;
}

void limited_opencl_set(const char *text) {
  const unsigned long long none = ~0ull;
  limits.group = number(text, "group", none);
  limits.kernel_group = number(text, "kernel-group", none);
  limits.local = number(text, "local", none);
  limits.allocation = number(text, "allocation", none);
  limits.memory = number(text, "memory", none);
  limits.alignment = (cl_uint)number(text, "alignment", 0);
  limits.no_images = number(text, "images", 1) == 0;
  limits.no_doubles = number(text, "doubles", 1) == 0;
  limits.type = number(text, "type", 0);
  limits.pci_bus = (int)number(text, "pci", -1);
  limits.uuid = (int)number(text, "uuid", -1);
  const char *items = word(text, "items");
  for (int i = 0; i < 3; i++) {
    char *end = NULL;
    limits.items[i] = items ? strtoull(items, &end, 10) : none;
    items = items && *end == 'x' ? end + 1 : NULL;
  }
}

// ---- The driver ----

typedef cl_int (*platforms_function)(cl_uint, cl_platform_id *, cl_uint *);
static platforms_function driver_platforms;
/// The driver's functions, which every object of an installable driver begins with (cl_khr_icd).
static const cl_icd_dispatch *driver;

static void load(void) {
  const char *text = getenv("LIMITED_OPENCL"), *name = getenv("LIMITED_OPENCL_DRIVER");
  limited_opencl_set(text ? text : "");
  void *library = dlopen(name ? name : "libpocl.so.2", RTLD_NOW | RTLD_LOCAL);
  typedef void *(*lookup_function)(const char *);
  lookup_function lookup = library ? (lookup_function)dlsym(library, "clGetExtensionFunctionAddress") : NULL;
  driver_platforms = lookup ? (platforms_function)lookup("clIcdGetPlatformIDsKHR") : NULL;
  cl_platform_id platform;
  if (driver_platforms && driver_platforms(1, &platform, NULL) == CL_SUCCESS)
    driver = *(const cl_icd_dispatch *const *)platform;
}

CL_API_ENTRY cl_int CL_API_CALL clGetPlatformIDs(cl_uint count, cl_platform_id *platforms, cl_uint *found) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return driver ? driver_platforms(count, platforms, found) : CL_PLATFORM_NOT_FOUND_KHR;
}

// ---- Answers ----

/// Gives an answer as every clGet…Info does.
static cl_int answer(const void *value, size_t byte_count, size_t size, void *place, size_t *needed) {
  if (needed) *needed = byte_count;
  if (!place) return CL_SUCCESS;
  if (size < byte_count) return CL_INVALID_VALUE;
  memcpy(place, value, byte_count);
  return CL_SUCCESS;
}
#define ANSWER(value) answer(&(value), sizeof(value), size, place, needed)

static cl_int answer_text(const char *text, size_t size, void *place, size_t *needed) {
  return answer(text, strlen(text) + 1, size, place, needed);
}

/// Gives the smaller of a limit and the driver's own answer.
#define ANSWER_SMALLER(type, limit)                                                    \
  do {                                                                                 \
    type value;                                                                        \
    const cl_int status = driver->clGetDeviceInfo(device, name, sizeof value, &value, NULL); \
    if (status != CL_SUCCESS) return status;                                           \
    if (value > (limit)) value = (limit);                                              \
    return ANSWER(value);                                                              \
  } while (0)

/// Gives the driver's extensions without those that a limit takes away, and with those that tell devices apart.
static cl_int answer_extensions(cl_device_id device, size_t size, void *place, size_t *needed) {
  char text[8192];
  const cl_int status = driver->clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, sizeof text - 64, text, NULL);
  if (status != CL_SUCCESS) return status;
  const char *taken_away = "cl_khr_fp64";
  char *at = limits.no_doubles ? strstr(text, taken_away) : NULL;
  if (at) memmove(at, at + strlen(taken_away), strlen(at + strlen(taken_away)) + 1);
  if (limits.pci_bus >= 0) strcat(text, " cl_khr_pci_bus_info");
  if (limits.uuid >= 0) strcat(text, " cl_khr_device_uuid");
  return answer_text(text, size, place, needed);
}

/// Gives the driver's version with the limits that kernels are compiled with, so that no cache of compiled programs
/// takes one device for another.
static cl_int answer_version(cl_device_id device, size_t size, void *place, size_t *needed) {
  char text[512];
  const cl_int status = driver->clGetDeviceInfo(device, CL_DRIVER_VERSION, sizeof text - 64, text, NULL);
  if (status != CL_SUCCESS) return status;
  if (limits.no_images) strcat(text, ", no images");
  if (limits.no_doubles) strcat(text, ", no doubles");
  return answer_text(text, size, place, needed);
}

CL_API_ENTRY cl_int CL_API_CALL
clGetDeviceInfo(cl_device_id device, cl_device_info name, size_t size, void *place, size_t *needed) {
  switch (name) {
    case CL_DEVICE_MAX_WORK_GROUP_SIZE: ANSWER_SMALLER(size_t, limits.group);
    case CL_DEVICE_MAX_WORK_ITEM_SIZES: {
      size_t items[3];
      const cl_int status = driver->clGetDeviceInfo(device, name, sizeof items, items, NULL);
      if (status != CL_SUCCESS) return status;
      for (int i = 0; i < 3; i++) {
        const size_t limit = limits.items[i] < limits.group ? limits.items[i] : limits.group;
        if (items[i] > limit) items[i] = limit;
      }
      return ANSWER(items);
    }
    case CL_DEVICE_LOCAL_MEM_SIZE: ANSWER_SMALLER(cl_ulong, limits.local);
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE: ANSWER_SMALLER(cl_ulong, limits.allocation);
    case CL_DEVICE_GLOBAL_MEM_SIZE: ANSWER_SMALLER(cl_ulong, limits.memory);
    case CL_DEVICE_IMAGE_SUPPORT: ANSWER_SMALLER(cl_bool, !limits.no_images);
    case CL_DEVICE_DOUBLE_FP_CONFIG:
      if (limits.no_doubles) return ANSWER((cl_device_fp_config){0});
      break;
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE:
      if (limits.no_doubles) return ANSWER((cl_uint){0});
      break;
    case CL_DEVICE_EXTENSIONS: return answer_extensions(device, size, place, needed);
    case CL_DRIVER_VERSION: return answer_version(device, size, place, needed);
    case CL_DEVICE_MEM_BASE_ADDR_ALIGN:
      if (limits.alignment > 0) return ANSWER(limits.alignment);
      break;
    case CL_DEVICE_TYPE:
      if (limits.type > 0) return ANSWER(limits.type);
      break;
    case 0x410F:  // CL_DEVICE_PCI_BUS_INFO_KHR: domain, bus, device, function
      if (limits.pci_bus >= 0) return ANSWER(((cl_uint[4]){0, (cl_uint)limits.pci_bus, 0, 0}));
      break;
    case 0x106A:  // CL_DEVICE_UUID_KHR
      if (limits.uuid >= 0) return ANSWER(((cl_uchar[16]){[15] = (cl_uchar)limits.uuid}));
      break;
    default: break;
  }
  return driver->clGetDeviceInfo(device, name, size, place, needed);
}

static size_t largest_kernel_group(void) {
  return limits.kernel_group < limits.group ? limits.kernel_group : limits.group;
}

CL_API_ENTRY cl_int CL_API_CALL clGetKernelWorkGroupInfo(
    cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info name, size_t size, void *place, size_t *needed) {
  if (name != CL_KERNEL_WORK_GROUP_SIZE)
    return driver->clGetKernelWorkGroupInfo(kernel, device, name, size, place, needed);
  size_t group;
  const cl_int status = driver->clGetKernelWorkGroupInfo(kernel, device, name, sizeof group, &group, NULL);
  if (status != CL_SUCCESS) return status;
  if (group > largest_kernel_group()) group = largest_kernel_group();
  return ANSWER(group);
}

// ---- Refusals ----

CL_API_ENTRY cl_mem CL_API_CALL
clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *status) {
  if (size > limits.allocation) {
    if (status) *status = CL_INVALID_BUFFER_SIZE;
    return NULL;
  }
  return driver->clCreateBuffer(context, flags, size, host, status);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateSubBuffer(
    cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void *info, cl_int *status) {
  if (type == CL_BUFFER_CREATE_TYPE_REGION && limits.alignment > 0 &&
      ((const cl_buffer_region *)info)->origin % (limits.alignment / 8) != 0) {
    if (status) *status = CL_MISALIGNED_SUB_BUFFER_OFFSET;
    return NULL;
  }
  return driver->clCreateSubBuffer(buffer, flags, type, info, status);
}

CL_API_ENTRY cl_program CL_API_CALL clCreateProgramWithSource(
    cl_context context, cl_uint count, const char **texts, const size_t *lengths, cl_int *status) {
  // A type that the device lacks becomes a name that does not exist.
  char head[256] = "";
  if (limits.no_images)
    strcat(head, "#undef __IMAGE_SUPPORT__\n#define image2d_t no_images\n#define image3d_t no_images\n");
  if (limits.no_doubles) strcat(head, "#undef cl_khr_fp64\n#define double no_doubles\n");
  const char *all[count + 1];
  size_t all_lengths[count + 1];
  all[0] = head;
  all_lengths[0] = strlen(head);
  for (cl_uint i = 0; i < count; i++) {
    all[i + 1] = texts[i];
    all_lengths[i + 1] = lengths && lengths[i] > 0 ? lengths[i] : strlen(texts[i]);
  }
  return driver->clCreateProgramWithSource(context, count + 1, all, all_lengths, status);
}

/// Of the last build that a limit refused.
static char refusal[256];

/// Returns whether the device can run a kernel at all; otherwise `refusal` says why not.
static bool can_run(cl_kernel kernel, cl_device_id device) {
  char name[128] = "";
  size_t group[3] = {0, 0, 0};
  cl_ulong local = 0;
  driver->clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
  driver->clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof group, group, NULL);
  driver->clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof local, &local, NULL);
  if (group[0] * group[1] * group[2] > limits.group) {
    snprintf(
        refusal, sizeof refusal, "error: %s wants groups of %zu x %zu x %zu work-items", name, group[0], group[1],
        group[2]);
    return false;
  }
  if (local > limits.local) {
    snprintf(refusal, sizeof refusal, "error: %s wants %llu bytes of local memory", name, (unsigned long long)local);
    return false;
  }
  return true;
}

CL_API_ENTRY cl_int CL_API_CALL clBuildProgram(
    cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
    void(CL_CALLBACK *notify)(cl_program, void *), void *data) {
  refusal[0] = 0;
  const cl_int status = driver->clBuildProgram(program, count, devices, options, notify, data);
  if (status != CL_SUCCESS || count == 0) return status;
  // A driver compiles all kernels of a program, and may refuse it for one of them.
  cl_kernel kernels[64];
  cl_uint kernel_count = 0;
  if (driver->clCreateKernelsInProgram(program, 64, kernels, &kernel_count) != CL_SUCCESS) return status;
  bool can = true;
  for (cl_uint i = 0; i < kernel_count; i++) {
    can = can && can_run(kernels[i], devices[0]);
    driver->clReleaseKernel(kernels[i]);
  }
  return can ? status : CL_BUILD_PROGRAM_FAILURE;
}

CL_API_ENTRY cl_int CL_API_CALL clGetProgramBuildInfo(
    cl_program program, cl_device_id device, cl_program_build_info name, size_t size, void *place, size_t *needed) {
  if (name == CL_PROGRAM_BUILD_LOG && refusal[0]) return answer_text(refusal, size, place, needed);
  return driver->clGetProgramBuildInfo(program, device, name, size, place, needed);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueNDRangeKernel(
    cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset, const size_t *global,
    const size_t *local, cl_uint wait_count, const cl_event *waits, cl_event *event) {
  size_t items = 1;
  for (cl_uint i = 0; local && i < dimensions; i++) {
    if (local[i] > limits.items[i]) return CL_INVALID_WORK_ITEM_SIZE;
    items *= local[i];
  }
  if (items > largest_kernel_group()) return CL_INVALID_WORK_GROUP_SIZE;
  return driver->clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, wait_count, waits, event);
}

// ---- Everything else ----

#define FORWARD(type, name, parameters, arguments) \
  CL_API_ENTRY type CL_API_CALL name parameters { return driver->name arguments; }

FORWARD(cl_int, clGetPlatformInfo,
        (cl_platform_id platform, cl_platform_info name, size_t size, void *place, size_t *needed),
        (platform, name, size, place, needed))
FORWARD(cl_int, clGetDeviceIDs,
        (cl_platform_id platform, cl_device_type type, cl_uint count, cl_device_id *devices, cl_uint *found),
        (platform, type, count, devices, found))
FORWARD(cl_context, clCreateContext,
        (const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
         void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *data, cl_int *status),
        (properties, count, devices, notify, data, status))
FORWARD(cl_int, clReleaseContext, (cl_context context), (context))
FORWARD(cl_command_queue, clCreateCommandQueue,
        (cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *status),
        (context, device, properties, status))
FORWARD(cl_int, clReleaseCommandQueue, (cl_command_queue queue), (queue))
FORWARD(cl_int, clFlush, (cl_command_queue queue), (queue))
FORWARD(cl_int, clFinish, (cl_command_queue queue), (queue))
FORWARD(cl_int, clReleaseMemObject, (cl_mem memory), (memory))
FORWARD(cl_int, clEnqueueReadBuffer,
        (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, void *host,
         cl_uint wait_count, const cl_event *waits, cl_event *event),
        (queue, buffer, blocking, offset, size, host, wait_count, waits, event))
FORWARD(cl_int, clEnqueueWriteBuffer,
        (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, const void *host,
         cl_uint wait_count, const cl_event *waits, cl_event *event),
        (queue, buffer, blocking, offset, size, host, wait_count, waits, event))
FORWARD(cl_int, clEnqueueFillBuffer,
        (cl_command_queue queue, cl_mem buffer, const void *pattern, size_t pattern_size, size_t offset, size_t size,
         cl_uint wait_count, const cl_event *waits, cl_event *event),
        (queue, buffer, pattern, pattern_size, offset, size, wait_count, waits, event))
FORWARD(void *, clEnqueueMapBuffer,
        (cl_command_queue queue, cl_mem buffer, cl_bool blocking, cl_map_flags flags, size_t offset, size_t size,
         cl_uint wait_count, const cl_event *waits, cl_event *event, cl_int *status),
        (queue, buffer, blocking, flags, offset, size, wait_count, waits, event, status))
FORWARD(cl_int, clEnqueueUnmapMemObject,
        (cl_command_queue queue, cl_mem buffer, void *mapped, cl_uint wait_count, const cl_event *waits,
         cl_event *event),
        (queue, buffer, mapped, wait_count, waits, event))
FORWARD(cl_event, clCreateUserEvent, (cl_context context, cl_int *status), (context, status))
FORWARD(cl_int, clSetUserEventStatus, (cl_event event, cl_int status), (event, status))
FORWARD(cl_program, clCreateProgramWithBinary,
        (cl_context context, cl_uint count, const cl_device_id *devices, const size_t *lengths,
         const unsigned char **binaries, cl_int *binary_statuses, cl_int *status),
        (context, count, devices, lengths, binaries, binary_statuses, status))
FORWARD(cl_int, clGetProgramInfo, (cl_program program, cl_program_info name, size_t size, void *place, size_t *needed),
        (program, name, size, place, needed))
FORWARD(cl_int, clReleaseProgram, (cl_program program), (program))
FORWARD(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *status), (program, name, status))
FORWARD(cl_int, clReleaseKernel, (cl_kernel kernel), (kernel))
FORWARD(cl_int, clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value),
        (kernel, index, size, value))
FORWARD(cl_int, clWaitForEvents, (cl_uint count, const cl_event *events), (count, events))
FORWARD(cl_int, clGetEventInfo, (cl_event event, cl_event_info name, size_t size, void *place, size_t *needed),
        (event, name, size, place, needed))
FORWARD(cl_int, clGetEventProfilingInfo,
        (cl_event event, cl_profiling_info name, size_t size, void *place, size_t *needed),
        (event, name, size, place, needed))
FORWARD(cl_int, clReleaseEvent, (cl_event event), (event))
