//! Colors a picture with a trained model: ColorPicture WEIGHTS.safetensors PICTURE OUTPUT.png

import CPUKernels
import Foundation
import Imaging
import Models

let arguments = CommandLine.arguments
guard arguments.count == 4 else { throw CocoaError(.fileNoSuchFile) }

// snippet.color
// The checkpoint holds the architecture and the size it was trained on.
let checkpoint = try Checkpoint(reading: URL(filePath: arguments[1]))
let colorizer = try Colorizer(checkpoint, on: CPUBackend())
let photograph = try Photograph(contentsOf: arguments[2])
let colored = try colorizer.colorize(photograph, checkpoint.coloringSettings)
try colored.write(to: arguments[3], as: .png)
// snippet.end
