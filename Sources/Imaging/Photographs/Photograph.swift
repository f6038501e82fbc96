import Files

/// An image as its file stores it: gray, RGB or CMYK with 8 or 16 bits, with its alpha and its color profile, upright.
public struct Photograph: Sendable {
  let raster: Raster
  /// The color space of the samples; nil for sRGB, for gray with sRGB's transfer function, and for CMYK without a
  /// profile.
  let profile: ColorProfile?
  /// Remarks for the user about the file: one line each, without the file's name.
  public let remarks: [String]
  /// Those of the file, for the upright pixels.
  let metadata: PictureMetadata

  public var width: Int { raster.width }
  public var height: Int { raster.height }
  /// Whether the image has an alpha channel.
  public var hasAlpha: Bool { raster.hasAlpha }
  /// 8 or 16.
  public var bitsPerSample: Int { 8 * raster.bytesPerSample }

  /// Largest file that is read, in bytes.
  private static let fileSizeLimit = 2 << 30

  /// Reads an image file of any format of `ImageFormat`. Its first bytes, and not its name, decide the format.
  /// - Parameters:
  ///   - pixelLimit: A larger image is an error, reported before memory is allocated for it.
  ///   - isPartAccepted: Whether a file that ends within the image is read as far as it goes, to its last whole row or
  ///     in less detail; otherwise it is an error, `ImageError.incomplete`.
  ///   - admit: Called with the memory that the photograph takes before it is allocated. It may wait.
  public init(
    contentsOf path: String, pixelLimit: Int = RGBImage.maximumPixelCount, isPartAccepted: Bool = false,
    admit: @escaping (PhotographMemory) -> Void = { _ in }
  ) throws(ImageError) {
    let bytes: [UInt8]
    do {
      // The file is closed before it is decoded, which may wait.
      bytes = try Self.bytes(of: try FileDescriptor(readingOrdinaryFile: path))
    } catch {
      throw .file(error)
    }
    try self.init(encoded: bytes, name: path, pixelLimit: pixelLimit, isPartAccepted: isPartAccepted, admit: admit)
  }

  /// Reads an image from the position of an open file, which may be a pipe, to its end. Errors call it `name`.
  public init(
    reading file: borrowing FileDescriptor, name: String, pixelLimit: Int = RGBImage.maximumPixelCount,
    isPartAccepted: Bool = false, admit: @escaping (PhotographMemory) -> Void = { _ in }
  ) throws(ImageError) {
    let bytes: [UInt8]
    do {
      bytes = try Self.bytes(of: file)
    } catch {
      throw .file(error)
    }
    try self.init(encoded: bytes, name: name, pixelLimit: pixelLimit, isPartAccepted: isPartAccepted, admit: admit)
  }

  /// Returns the bytes from the position of an open file to its end, or its first ones where it is no image.
  private static func bytes(of file: borrowing FileDescriptor) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: ImageFormat.signatureByteCount)
    let count = try bytes.withUnsafeMutableBufferPointer { bytes throws(FileError) in
      try file.fill(UnsafeMutableRawBufferPointer(bytes))
    }
    bytes.removeLast(bytes.count - count)
    guard ImageFormat(signature: bytes) != nil else { return bytes }
    return try file.readToEnd(after: bytes, limit: fileSizeLimit)
  }

  /// Decodes an image file in memory. Errors call it `name`.
  public init(
    encoded bytes: [UInt8], name: String, pixelLimit: Int = RGBImage.maximumPixelCount, isPartAccepted: Bool = false,
    admit: @escaping (PhotographMemory) -> Void = { _ in }
  ) throws(ImageError) {
    let format = try Self.format(ofFirstBytes: bytes, named: name)
    let image = try format.codec.decode(
      bytes, DecodingRequest(name: name, pixelLimit: pixelLimit, fileByteCount: bytes.count, admit: admit))
    var remarks = image.remarks
    switch image.extent {
    case .whole: break
    case .withoutEnd: remarks.append("its end is missing, but none of its pixels")
    case .rows, .coarse:
      let found = image.extent.description
      guard isPartAccepted else { throw .incomplete(path: name, format: format.name, found: found) }
      remarks.append("it ends too early: \(found)")
    }
    if image.pageCount > 1 { remarks.append(format.remark(ofPageCount: image.pageCount)) }
    if image.profile.isEmpty {
      profile = image.primaries.flatMap { ColorProfile($0, color: image.raster.color) }
    } else if let profile = ColorProfile(icc: image.profile), profile.color == image.raster.color {
      self.profile = profile
    } else {
      profile = nil
      remarks.append("its color profile is damaged or of another color space, and is passed over")
    }
    raster = try image.raster.upright(from: image.orientation, name: name)
    metadata = image.metadata.upright(from: image.orientation)
    self.remarks = remarks
  }

  /// Returns the format of a file by its first bytes. Errors call it `name`.
  /// - Throws: `ImageError` where no file of these bytes can be read.
  public static func format(ofFirstBytes bytes: [UInt8], named name: String) throws(ImageError) -> ImageFormat {
    guard let format = ImageFormat(signature: bytes) else {
      guard let unread = UnreadFormat(signature: bytes) else { throw .unknownFormat(path: name) }
      throw .unreadFormat(path: name, format: unread.rawValue)
    }
    if let reason = format.reasonForNotReading {
      throw .lacksLibrary(path: name, format: format.name, reason: reason)
    }
    return format
  }

  /// Creates a photograph of 8-bit sRGB.
  /// - Parameter name: The name in messages of errors.
  /// - Throws: `ImageError` where it has too many pixels, or there is no memory for it.
  public init(_ image: RGBImage, name: String) throws(ImageError) {
    raster = try Raster(
      width: image.width, height: image.height, color: .rgb, hasAlpha: false, bytesPerSample: 1, name: name)
    raster.bytes.copyBytes(from: image.bytes)
    profile = nil
    remarks = []
    metadata = PictureMetadata()
  }

  /// The image as 8-bit sRGB on white.
  public var rgbImage: RGBImage {
    let rows = ColorRows(self)
    var bytes = [UInt8](repeating: 0, count: 3 * width * height)
    bytes.withUnsafeMutableBufferPointer { bytes in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * width) { row in
        for y in 0..<height {
          rows.readEncodedOnWhite(y, into: row)
          for index in 0..<row.count {
            bytes[y * row.count + index] = UInt8(min(max(row[index], 0), 255).rounded())
          }
        }
      }
    }
    return RGBImage(width: width, height: height, bytes: bytes)
  }
}

extension Photograph {
  /// Returns the image as 8-bit sRGB on white at another size, resized as by `RGBImage.resized`. Rows are converted as
  /// they are needed, so that no copy of the whole image is held.
  public func resized(width newWidth: Int, height newHeight: Int) -> RGBImage {
    let columns = RGBImage.triangleWeights(from: width, to: newWidth)
    let outputRows = RGBImage.triangleWeights(from: height, to: newHeight)
    let source = ColorRows(self)
    var result = [UInt8](repeating: 0, count: 3 * newWidth * newHeight)
    let partCount = min(newHeight, 16)
    result.withUnsafeMutableBufferPointer { result in
      // Every row is written by one thread only.
      nonisolated(unsafe) let target = UnsafeMutableBufferPointer(rebasing: result[...])
      Parallel.forEach(partCount) { part in
        let range = part * newHeight / partCount..<(part + 1) * newHeight / partCount
        Self.resize(source, width: width, rows: range, outputRows, columns, into: target)
      }
    }
    return RGBImage(width: newWidth, height: newHeight, bytes: result)
  }

  /// Computes the rows `range` of the result.
  private static func resize(
    _ source: ColorRows, width: Int, rows range: Range<Int>, _ outputRows: [RGBImage.TriangleWeights],
    _ columns: [RGBImage.TriangleWeights], into result: UnsafeMutableBufferPointer<UInt8>
  ) {
    let rowCount = 3 * columns.count
    guard let first = range.first, let last = range.last else { return }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * width + rowCount + range.count * rowCount) { floats in
      let row = UnsafeMutableBufferPointer(rebasing: floats[..<(3 * width)])
      let narrowed = UnsafeMutableBufferPointer(rebasing: floats[(3 * width)..<(3 * width + rowCount)])
      let sums = UnsafeMutableBufferPointer(rebasing: floats[(3 * width + rowCount)...])
      sums.update(repeating: 0)
      // The first row of the result to which the following rows of the source contribute.
      var open = first
      for y in outputRows[first].first..<outputRows[last].end {
        source.readEncodedOnWhite(y, into: row)
        narrow(row, columns, into: narrowed)
        while outputRows[open].end <= y { open += 1 }
        var output = open
        while output <= last, outputRows[output].first <= y {
          let weight = outputRows[output].weights[y - outputRows[output].first]
          let start = (output - first) * rowCount
          for element in 0..<rowCount { sums[start + element] += weight * narrowed[element] }
          output += 1
        }
      }
      for index in 0..<sums.count {
        result[first * rowCount + index] = UInt8(max(0, min(255, sums[index].rounded())))
      }
    }
  }

  /// Resizes one row.
  private static func narrow(
    _ row: UnsafeMutableBufferPointer<Float>, _ columns: [RGBImage.TriangleWeights],
    into narrowed: UnsafeMutableBufferPointer<Float>
  ) {
    for (x, column) in columns.enumerated() {
      var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
      var source = 3 * column.first
      for weight in column.weights {
        red += weight * row[source]
        green += weight * row[source + 1]
        blue += weight * row[source + 2]
        source += 3
      }
      narrowed[3 * x] = red
      narrowed[3 * x + 1] = green
      narrowed[3 * x + 2] = blue
    }
  }
}
