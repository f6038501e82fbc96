//! Trains a small autoencoder on painted scenes: TrainModel FOLDER

import CPUKernels
import Data
import Foundation
import Models

let folder = URL(filePath: CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "first-run")
let backend = CPUBackend()

// snippet.configuration
// Scenes need no download. `CIFAR10.load` and `ImageFolder.load` give
// data sets as well.
let dataset = try Scenes.dataset(.training, count: 512)
var options = TrainingOptions(recipeFor: .unet)
options.batchSize = 16
let configuration = RunConfiguration(
  model: try ModelConfiguration(kind: .unet, width: 8),
  options: options,
  data: "scenes",
  imageHeight: dataset.height,
  imageWidth: dataset.width,
  epochs: 1,
  device: backend.name,
  deviceDescription: backend.deviceDescription,
  precision: backend.precision)
// snippet.end

// snippet.train
let run = try TrainingRun(
  configuration, in: folder, dataset: dataset, on: backend)
run.onEpoch = { epoch in
  let error = epoch.validation?.mse ?? .nan
  print("epoch \(epoch.epoch): squared error \(error) when validated")
}
// The closure is called between steps; true saves the run and stops.
_ = try run.train { false }
print("the weights are in \(run.directory.best.path)")
// snippet.end
