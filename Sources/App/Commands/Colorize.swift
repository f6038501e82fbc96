import ArgumentParser
import Files
import FoundationEssentials
import Imaging
import Models
import Runtime

/// `recolor colorize`
struct Colorize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Color pictures.",
    discussion: """
      Reads PNG and JPEG pictures of any size and writes colored PNG pictures of the same sizes into a folder, old.jpg as \
      old.png. A picture's own colors, if it has any, are not looked at. The model sees the picture made smaller and \
      gives the colors; the light and dark stay the picture's own, as sharp as they were.

        recolor colorize runs/gan old.jpg --out colored
        recolor colorize runs/gan scans/*.png --out colored --working-size 64
      """)

  @OptionGroup var checkpoint: CheckpointArgument
  @Argument(help: ArgumentHelp("Pictures to color.", valueName: "image"))
  var images: [String]
  @Option(help: ArgumentHelp("Folder for the colored pictures; made if it is missing.", valueName: "folder"))
  var out: String
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Pixels of the shorter side as the model sees the picture. (default: as in training)", valueName: "pixels"))
  var workingSize: Int?
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var precisionOptions: PrecisionOptions

  func validate() throws {
    guard !out.isEmpty else { throw ValidationError("--out: names no folder.") }
    if let workingSize, !(16...4096).contains(workingSize) {
      throw ValidationError("--working-size \(workingSize): must be from 16 to 4096.")
    }
    var inputs: [String: String] = [:]
    for image in images {
      if let other = inputs.updateValue(image, forKey: output(for: image)) {
        throw ValidationError("\(image): would be written to the same file as \(other).")
      }
    }
    let pictures = Set(images.map { URL(filePath: $0).resolvingSymlinksInPath().path })
    for image in images where pictures.contains(URL(filePath: output(for: image)).resolvingSymlinksInPath().path) {
      throw ValidationError("--out \(out): the colored \(image) would take the place of a picture to color.")
    }
  }

  func run() throws {
    let weights = try checkpoint.open()
    let workingSize = workingSize ?? weights.imageSize.map { min($0.width, $0.height) } ?? 32
    let colorizer = try Colorizer(weights, on: try deviceOptions.device.open(precisionOptions.precision))
    var hasFailed = false
    for image in images {
      do {
        let colored = try colorizer.colorize(try RGBImage(contentsOf: image), workingSize: workingSize)
        try Folder.create(out)
        try colored.writePNG(to: output(for: image))
        try Console.output(output(for: image))
      } catch let error as ImageError {
        // One picture that cannot be read is no reason to leave the others gray,
        Console.note(error.description)
        hasFailed = true
      } catch BackendError.outOfMemory(let requested, let device) {
        // nor is one that is too large.
        Console.note(
          "\(image): too large to color on \(device), which has no room for \(requested) bytes more; "
            + "use a smaller --working-size")
        hasFailed = true
      }
    }
    if hasFailed { throw ExitCode.failure }
  }

  /// `old.jpg` becomes `old.png`.
  private func output(for image: String) -> String {
    "\(out)/\(URL(filePath: image).deletingPathExtension().lastPathComponent).png"
  }
}
