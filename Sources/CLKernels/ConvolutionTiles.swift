import Runtime

/// The tiles of the GPU bodies: what the defaults of convolution_tiles.h come to.
enum ConvolutionTiles {
  static let rows = 64
  static let columns = 64
  /// Work-items of a group.
  static let group = (16, 8, 1)
  /// Groups that fill a large GPU a few times over; a sum is split until there are as many.
  static let wantedGroups = 512

  /// Elements that may be read at a time: four if all offsets, strides and numbers of channels are multiples of four.
  static func vectorWidth(_ tensors: Tensor...) -> Int {
    tensors.allSatisfy { tensor in
      [tensor.offset, tensor.pixelStride, tensor.shape.channels].allSatisfy { $0.isMultiple(of: 4) }
    } ? 4 : 1
  }
}

func ceilDivide(_ dividend: Int, _ divisor: Int) -> Int { (dividend + divisor - 1) / divisor }

/// `workspace`, which must be there and be large enough.
func scratch(_ workspace: DeviceMemory?, byteCount: Int, for operation: String) throws(BackendError) -> DeviceMemory {
  guard let workspace, workspace.byteCount >= byteCount else {
    throw .invalidOperation(
      operation: operation,
      reason: "\(byteCount) bytes of workspace are needed, \(workspace?.byteCount ?? 0) are there")
  }
  return workspace
}

/// Throws unless the kernels can count to `value` with an int.
func requireInt(_ value: Int, _ what: String, _ operation: String) throws(BackendError) {
  guard value <= Int(Int32.max) / 2 else {
    throw .invalidOperation(operation: operation, reason: "\(value) \(what) are too many; use a smaller batch")
  }
}
