import ArgumentParser
import Files

extension DataSource {
  /// Shells offer the names and the folders that begin with what is typed.
  static var defaultCompletionKind: CompletionKind {
    .custom { _, _, prefix in
      let parent = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
      let names = (try? Folder.names(in: parent.isEmpty ? "." : parent)) ?? []
      return ["scenes", "cifar10", "cifar100"]
        + names.filter { !$0.hasPrefix(".") && Folder.exists(parent + $0) }.map { "\(parent)\($0)/" }
    }
  }
}
