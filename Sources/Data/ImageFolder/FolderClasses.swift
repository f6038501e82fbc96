/// Classes of images by the folders that they lie in.
struct FolderClasses {
  /// In the order of their bytes.
  let names: [String]
  /// Place in `names` for every path.
  let labels: [UInt16]

  /// Nil unless every path begins with a folder, and they do with two or more, for then the folders were not made to tell
  /// classes apart.
  /// - Parameter paths: below the data set's folder.
  init?(_ paths: [String]) {
    var folders: [Substring] = []
    for path in paths {
      guard let slash = path.firstIndex(of: "/") else { return nil }
      folders.append(path[..<slash])
    }
    let distinct = Set(folders).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard distinct.count > 1, distinct.count <= Int(UInt16.max) else { return nil }
    let numbers = Dictionary(uniqueKeysWithValues: zip(distinct, 0...))
    names = distinct.map(String.init)
    labels = folders.map { UInt16(numbers[$0] ?? 0) }
  }
}
