// The OpenCL 1.2 C API: types and constants, and a pointer type for each function that Runtime looks up in the library,
// derived from the official header so that no signature is repeated.

#define CL_TARGET_OPENCL_VERSION 120
// clCreateCommandQueue is the only queue constructor of OpenCL 1.2; later headers mark it deprecated.
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#define RECOLOR_FUNCTION_TYPE(name) typedef __typeof__(&name) name##_function

RECOLOR_FUNCTION_TYPE(clGetPlatformIDs);
RECOLOR_FUNCTION_TYPE(clGetPlatformInfo);
RECOLOR_FUNCTION_TYPE(clGetDeviceIDs);
RECOLOR_FUNCTION_TYPE(clGetDeviceInfo);
RECOLOR_FUNCTION_TYPE(clCreateContext);
RECOLOR_FUNCTION_TYPE(clReleaseContext);
RECOLOR_FUNCTION_TYPE(clCreateCommandQueue);
RECOLOR_FUNCTION_TYPE(clReleaseCommandQueue);
RECOLOR_FUNCTION_TYPE(clFlush);
RECOLOR_FUNCTION_TYPE(clFinish);
RECOLOR_FUNCTION_TYPE(clCreateBuffer);
RECOLOR_FUNCTION_TYPE(clCreateSubBuffer);
RECOLOR_FUNCTION_TYPE(clReleaseMemObject);
RECOLOR_FUNCTION_TYPE(clEnqueueReadBuffer);
RECOLOR_FUNCTION_TYPE(clEnqueueWriteBuffer);
RECOLOR_FUNCTION_TYPE(clEnqueueFillBuffer);
RECOLOR_FUNCTION_TYPE(clEnqueueMapBuffer);
RECOLOR_FUNCTION_TYPE(clEnqueueUnmapMemObject);
RECOLOR_FUNCTION_TYPE(clCreateProgramWithSource);
RECOLOR_FUNCTION_TYPE(clCreateProgramWithBinary);
RECOLOR_FUNCTION_TYPE(clBuildProgram);
RECOLOR_FUNCTION_TYPE(clGetProgramInfo);
RECOLOR_FUNCTION_TYPE(clGetProgramBuildInfo);
RECOLOR_FUNCTION_TYPE(clReleaseProgram);
RECOLOR_FUNCTION_TYPE(clCreateKernel);
RECOLOR_FUNCTION_TYPE(clReleaseKernel);
RECOLOR_FUNCTION_TYPE(clSetKernelArg);
RECOLOR_FUNCTION_TYPE(clGetKernelWorkGroupInfo);
RECOLOR_FUNCTION_TYPE(clEnqueueNDRangeKernel);
RECOLOR_FUNCTION_TYPE(clCreateUserEvent);
RECOLOR_FUNCTION_TYPE(clSetUserEventStatus);
RECOLOR_FUNCTION_TYPE(clWaitForEvents);
RECOLOR_FUNCTION_TYPE(clGetEventInfo);
RECOLOR_FUNCTION_TYPE(clGetEventProfilingInfo);
RECOLOR_FUNCTION_TYPE(clReleaseEvent);
