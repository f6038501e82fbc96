// EmbedKernels OUTPUT FILE...: writes a Swift file with a dictionary from each FILE's name to its text.
//
// The text is a string literal because the compiler takes tens of seconds for an array literal of the bytes.

import Foundation

/// Returns the shortest run of `#` that delimits a raw string literal with the contents `text`.
func delimiter(for text: String) -> String {
  var delimiter = "#"
  while text.contains("\"\"\"" + delimiter) || text.contains("\\" + delimiter) { delimiter += "#" }
  return delimiter
}

guard CommandLine.arguments.count >= 2 else {
  FileHandle.standardError.write(Data("usage: EmbedKernels OUTPUT FILE...\n".utf8))
  exit(64)
}
var lines = [
  "// Made by EmbedKernels from the files of kernels/.", "",
  "/// The text of every kernel file, by file name.", "let embeddedKernels: [String: String] = [",
]
let files = CommandLine.arguments.dropFirst(2)
if files.isEmpty { lines.append(":") }
do {
  for file in files {
    let url = URL(filePath: file)
    let text = try String(contentsOf: url, encoding: .utf8)
    let delimiter = delimiter(for: text)
    lines += ["\"\(url.lastPathComponent)\": \(delimiter)\"\"\"", text, "\"\"\"\(delimiter),"]
  }
  lines += ["]", ""]
  try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: CommandLine.arguments[1]), options: .atomic)
} catch {
  FileHandle.standardError.write(Data("EmbedKernels: \(error)\n".utf8))
  exit(1)
}
