/** Arrays that every ResNet of torchvision begins with; the first one's name tells where it lies. */
const landmarks = ['conv1.weight', 'bn1.weight', 'layer1.0.conv1.weight'] as const;

/** What precedes the names of a ResNet in our own files: those of encoders, and those of whole models. */
const ownPrefixes = ['encoder.backbone.', 'backbone.'];

/** The prefixes under which a file holds ResNets named as torchvision names them, sorted; '' is one without prefix. */
export function resnetPrefixes(weights: ReadonlyMap<string, unknown>): readonly string[] {
  const [first] = landmarks;
  return [...weights.keys()]
    .filter((name) => name === first || name.endsWith(`.${first}`))
    .map((name) => name.slice(0, -first.length))
    .filter((prefix) => landmarks.every((name) => weights.has(prefix + name)))
    .sort();
}

/**
 * What a wrapper put before the names of a network: all of a ResNet's prefix, or what comes before `backbone.` or
 * `encoder.backbone.`, since beside those lie a head and perhaps a whole model that belong to it.
 */
export function wrapperOf(prefix: string): string {
  const own = ownPrefixes.find((each) => prefix === each || prefix.endsWith(`.${each}`));
  return own === undefined ? prefix : prefix.slice(0, -own.length);
}
