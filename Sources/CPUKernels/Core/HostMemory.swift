import Glibc
import Runtime

/// Memory of the host: an allocation that it frees, or a region of another one that it keeps alive.
public final class HostMemory: DeviceMemory {
  /// The first byte, on a cache line.
  public let pointer: UnsafeMutableRawPointer
  private let owner: HostMemory?

  /// Bytes of a cache line, and of the widest vector.
  static let alignment = 64
  /// Allocations of at least this size request pages of this size, which saves address translations.
  private static let hugePage = 2 << 20

  /// Uninitialized memory. Throws `BackendError.outOfMemory`.
  init(allocating byteCount: Int) throws(BackendError) {
    let alignment = byteCount >= Self.hugePage ? Self.hugePage : Self.alignment
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, alignment, max(byteCount, 1)) == 0, let pointer else {
      throw .outOfMemory(requested: byteCount, device: "cpu")
    }
    if byteCount >= Self.hugePage { madvise(pointer, byteCount, Int32(MADV_HUGEPAGE)) }
    self.pointer = pointer
    owner = nil
    super.init(byteCount: byteCount)
  }

  /// A region of `owner`.
  init(of owner: HostMemory, byteOffset: Int, byteCount: Int) {
    pointer = owner.pointer + byteOffset
    self.owner = owner
    super.init(byteCount: byteCount)
  }

  deinit {
    if owner == nil { free(pointer) }
  }
}
