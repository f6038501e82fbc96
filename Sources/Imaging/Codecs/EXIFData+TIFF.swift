extension EXIFData {
  /// Tags of a TIFF file's first directory that describe the photograph and not its pixels: description, make, model,
  /// software, date, artist, copyright.
  private static let descriptions: Set<Int> = [0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298]
  /// Tags that point to further directories: of the exposure, and of the place.
  private static let pointers = [0x8769, 0x8825]
  /// Tags of these directories whose data point to other places of the file: the maker's note, and interoperability.
  private static let leftOut: Set<Int> = [0x927C, 0xA005]
  /// Bytes of a value of each type, by the type's number.
  private static let sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
  /// Largest data of a directory, in bytes.
  private static let dataLimit = 1 << 15

  /// A tag of a directory with its data, in the file's byte order.
  private struct Entry {
    let tag: Int
    let type: Int
    let count: Int
    let data: [UInt8]
  }

  /// Creates the data from a TIFF file: what it states about the photograph, which its own directories hold. Nil where
  /// it states nothing, and for files with 64-bit offsets.
  init?(tiffFile bytes: [UInt8]) {
    guard let file = EXIFData(bytes), file.number(at: 2, byteCount: 2) == 42, let first = file.firstDirectory else {
      return nil
    }
    let outer = file.entries(of: first) { Self.descriptions.contains($0) }
    let inner = Self.pointers.compactMap { tag -> (tag: Int, entries: [Entry])? in
      guard let pointer = file.entry(tag, in: first), let place = file.number(at: pointer + 8, byteCount: 4) else {
        return nil
      }
      let entries = file.entries(of: place) { !Self.leftOut.contains($0) }
      return entries.isEmpty ? nil : (tag, entries)
    }
    guard !outer.isEmpty || !inner.isEmpty else { return nil }
    // The size of a directory does not depend on the offsets in it.
    var offset = 8 + file.directory(outer, inner.map { ($0.tag, 0) }, at: 8).count
    var places: [(tag: Int, offset: Int)] = []
    var rest: [UInt8] = []
    for (tag, entries) in inner {
      let directory = file.directory(entries, [], at: offset)
      places.append((tag, offset))
      rest += directory
      offset += directory.count
    }
    self.init(Array(bytes[..<4]) + file.digits(8, 4) + file.directory(outer, places, at: 8) + rest)
  }

  /// Returns the entries of a directory, as far as it is sound.
  private func entries(of directory: Int, where isKept: (Int) -> Bool) -> [Entry] {
    guard let entryCount = number(at: directory, byteCount: 2) else { return [] }
    var entries: [Entry] = []
    var total = 0
    for place in stride(from: directory + 2, to: directory + 2 + 12 * entryCount, by: 12) {
      guard let tag = number(at: place, byteCount: 2), let type = number(at: place + 2, byteCount: 2),
        let count = number(at: place + 4, byteCount: 4), let value = number(at: place + 8, byteCount: 4)
      else { break }
      guard isKept(tag), Self.sizes.indices.contains(type) else { continue }
      let byteCount = count * Self.sizes[type]
      let start = byteCount <= 4 ? place + 8 : value
      guard byteCount > 0, total + byteCount <= Self.dataLimit, start + byteCount <= bytes.count else { continue }
      total += byteCount
      entries.append(Entry(tag: tag, type: type, count: count, data: Array(bytes[start..<start + byteCount])))
    }
    return entries
  }

  /// Returns the bytes of a directory that begins at `start`, and of its data.
  /// - Parameter pointers: The tags that point to other directories, and the offsets of these.
  private func directory(_ entries: [Entry], _ pointers: [(tag: Int, offset: Int)], at start: Int) -> [UInt8] {
    let count = entries.count + pointers.count
    let dataStart = start + 2 + 12 * count + 4
    var (head, data) = (digits(count, 2), [UInt8]())
    for entry in entries {
      head += digits(entry.tag, 2) + digits(entry.type, 2) + digits(entry.count, 4)
      if entry.data.count <= 4 {
        head += entry.data + [UInt8](repeating: 0, count: 4 - entry.data.count)
      } else {
        head += digits(dataStart + data.count, 4)
        // Offsets are even.
        data += entry.data + (entry.data.count % 2 == 0 ? [] : [0])
      }
    }
    for (tag, offset) in pointers { head += digits(tag, 2) + digits(4, 2) + digits(1, 4) + digits(offset, 4) }
    return head + digits(0, 4) + data
  }

  /// Returns a number in the data's byte order.
  private func digits(_ value: Int, _ byteCount: Int) -> [UInt8] {
    let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    return isLittleEndian ? bytes : bytes.reversed()
  }
}
