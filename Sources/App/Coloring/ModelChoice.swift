import ArgumentParser
import Files
import FoundationEssentials
import Imaging
import Models

/// The arguments of `colorize`, divided into a model and pictures.
struct ModelChoice {
  /// A safetensors file, the folder of a run, or the name of a built-in model.
  let model: String
  let pictures: [String]
  /// A line that says which model colors where a reader could expect another; nil where there is no doubt.
  let remark: String?

  /// Divides arguments: the first is a model where it names one and pictures follow.
  /// - Parameter weights: the model where it is given by an option; then all arguments are pictures.
  /// - Throws: `ValidationError` where there is no picture, and where the first of several arguments names nothing.
  init(_ arguments: [String], weights: String?) throws(ValidationError) {
    if let weights {
      (model, pictures, remark) = (weights, arguments, nil)
      return
    }
    let first = arguments.first ?? ""
    switch Self.role(of: first) {
    case .model:
      guard arguments.count > 1 else { throw ValidationError("\(first): is a model; name a picture to color, too.") }
      (model, pictures, remark) = (first, Array(arguments.dropFirst()), nil)
    case .otherFile where arguments.count > 1:
      // Opening it says what is wrong with it.
      (model, pictures, remark) = (first, Array(arguments.dropFirst()), nil)
    case .nothing where arguments.count > 1:
      throw ValidationError(
        "\(first): no such model or picture; a model is a run's folder, a safetensors file or \(BuiltInModel.list).")
    case .picture, .otherFile, .nothing:
      model = BuiltInModel.standard.argument
      pictures = arguments
      remark = arguments.count > 1 ? "\(first) is no model: \(model) colors all \(arguments.count)" : nil
    }
  }

  private enum Role {
    case model
    /// A picture, a folder of pictures, or standard input; it need not exist.
    case picture
    case otherFile
    case nothing
  }

  /// Returns what an argument names, without reading more than the first bytes of a file.
  private static func role(of argument: String) -> Role {
    if argument.hasPrefix(BuiltInModel.prefix) || argument.hasSuffix(".safetensors") { return .model }
    if Folder.exists(argument) {
      let run = RunDirectory(opening: URL(filePath: argument))
      return [run.configuration, run.best, run.last].contains { exists($0.path) } ? .model : .picture
    }
    if argument == "-" || ImageFormat.isImage(named: argument) { return .picture }
    guard exists(argument) else { return .nothing }
    return ImageFormat(ofFileAt: argument) == nil ? .otherFile : .picture
  }

  private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
