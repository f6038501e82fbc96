// The words for what runs log, as the page of `recolor compare` has them.

const metrics = {
  mse: ["MSE", ""], psnr: ["PSNR", "dB"], ssim: ["SSIM", ""], mae: ["MAE", ""], delta_e: ["ΔE", ""],
  colorfulness: ["Colorfulness", ""],
};
const others = {
  d_real: ["Discriminator’s loss on photographs", ""], d_fake: ["Discriminator’s loss on predictions", ""],
  g_adversarial: ["Generator’s adversarial loss", ""], g_l1: ["Generator’s L1 loss", ""],
  learning_rate: ["Learning rate", ""], seconds: ["Time of an epoch", "s"],
  images_per_second: ["Training speed", "images/s"],
};

/** Returns the title and the unit of a tag, such as `epoch/validation_mse`. */
export function quantity(tag) {
  const column = tag.replace(/^[^/]*\//, "");
  const isValidation = column.startsWith("validation_");
  const word = isValidation ? column.slice("validation_".length) : column;
  const [title, unit] = metrics[word] ?? others[word] ?? [word.replaceAll("_", " "), ""];
  return { title: isValidation ? `${title}, validation` : title, unit };
}

/** Returns the tags of charts: without the means over epochs of what is there for single steps, in the order of use. */
export function shownTags(tags) {
  const all = new Set(tags);
  const order = (tag) => {
    if (tag.startsWith("epoch/validation_")) return 1;
    if (tag.endsWith("images_per_second")) return 2;
    if (tag.endsWith("learning_rate") || tag.endsWith("/seconds")) return 3;
    return 0;
  };
  return [...all].filter((tag) => !/^epoch\/(epoch|step)$/.test(tag))
    .filter((tag) => !(tag.startsWith("epoch/") && all.has(tag.replace("epoch/", "train/"))))
    .sort((first, second) => order(first) - order(second));
}
