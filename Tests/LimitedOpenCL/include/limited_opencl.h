#pragma once

// An OpenCL library for tests: a driver's devices (PoCL's) with the limits of smaller ones. It has the functions that
// Runtime looks up, answers for the limits where their queries ask the driver, and refuses what such a device refuses.
// It is used in place of the loader: `libOpenCL.so.1` in LD_LIBRARY_PATH, or opened by its own path.

/// Sets the limits, in place of those in the environment's LIMITED_OPENCL: words NAME=NUMBER, of which each may be left
/// out. Unknown words are ignored.
///
///     group=64             work-items of a group
///     items=64x64x1        work-items of a group along each direction
///     kernel-group=64      work-items of a group that each kernel allows
///     local=16384          bytes of local memory
///     allocation=1048576   bytes of one buffer
///     memory=4194304       bytes of the device's memory, which are answered and not enforced
///     alignment=4096       bits of which a sub-buffer's origin is a multiple
///     images=0             no images: not answered, and no such types in kernels
///     doubles=0            no fp64: not answered, and no such type in kernels
///     type=4               CL_DEVICE_TYPE_GPU: the device claims to be one
///     pci=59               the device tells its address on the PCI bus: 0000:3b:00.0
///     uuid=7               the device tells a UUID with this last byte
void limited_opencl_set(const char *limits);
