import Glibc

extension ImageDataset {
  /// Most bytes that a data set may take: half of the machine's memory, for another copy of it lies on the device, which
  /// may be the processor.
  public static var byteLimit: Int { Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))) / 2 }

  /// Bytes that `count` images take, 3 · width · height · count.
  /// - Throws: `DataError.imageSize` where a side is below 1, or the bytes are more than `limit`.
  public static func byteCount(width: Int, height: Int, count: Int, limit: Int = byteLimit) throws(DataError) -> Int {
    let failure = DataError.imageSize(width: width, height: height, count: count, limit: limit)
    guard width > 0, height > 0, count >= 0 else { throw failure }
    var product = 3
    for factor in [width, height, count] {
      let (value, overflow) = product.multipliedReportingOverflow(by: factor)
      guard !overflow, value <= limit else { throw failure }
      product = value
    }
    return product
  }
}
