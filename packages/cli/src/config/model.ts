import { alpnet } from '@fsmr/alpnet';
import {
  type Encoder,
  qnetEncoder,
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  tinyEncoder,
  twoMapResnet,
} from '@fsmr/backbones';
import { ConfigError, definedOptions, type Model, type PrototypeMethod } from '@fsmr/core';
import { dspnet } from '@fsmr/dspnet';
import { japc } from '@fsmr/japc';
import { qnet } from '@fsmr/qnet';
import { rpt } from '@fsmr/rpt';
import type { RunConfig } from './schema.js';

type ModelConfig = RunConfig['model'];

/** The encoder a configuration names. */
export function buildBackbone({ backbone, layers, depth, strideOn, channels, method }: ModelConfig): Encoder {
  const size = definedOptions({ layers: layers as 1 | 2 | 3 | 4 | undefined, channels, strideOn });
  switch (backbone) {
    case 'tiny':
      return method === 'qnet' || method === 'rpt'
        ? tinyTwoMaps(method, channels)
        : tinyEncoder(channels === undefined ? {} : { channels });
    case 'resnet18':
      return resnet18(size);
    case 'resnet34':
      return resnet34(size);
    case 'resnet50':
      return resnet50(size);
    case 'resnet101':
      return resnet101(size);
    case 'qnet':
    case 'rpt':
      // One stage gives one map; the encoder refuses it.
      return qnetEncoder({
        variant: backbone,
        ...definedOptions({ layers: layers as 2 | 3 | 4 | undefined, channels, strideOn, depth }),
      });
  }
}

/**
 * A name of all that shapes the encoder's features besides its parameters. Where the network strides is in neither its own
 * name nor its parameters.
 */
export function backboneLayout(config: ModelConfig): string {
  const { name } = buildBackbone(config);
  return config.strideOn === undefined ? name : `${name} stride ${config.strideOn}`;
}

/** Two maps and a threshold, as Q-Net and RPT need them, small enough to train in a minute. */
function tinyTwoMaps(variant: 'qnet' | 'rpt', channels = 64): Encoder {
  const layout = { block: 'basic', blocks: [1, 1, 1, 1], width: 8, dilated: [true, true, false] } as const;
  return twoMapResnet(layout, variant, channels, 32, `tiny-${variant}`);
}

/** The method a configuration names. @throws ConfigError where the backbone lacks what it needs. */
export function buildMethod({ method, methodOptions }: ModelConfig, backbone: Encoder): PrototypeMethod {
  if ((method === 'qnet' || method === 'rpt') && !backbone.hasThreshold) {
    throw new ConfigError(`method ${method} needs a backbone with a threshold head, and ${backbone.name} has none.`, {
      remedy: `Set model.backbone to "${method}".`,
    });
  }
  switch (method) {
    case 'alpnet':
      return alpnet(methodOptions);
    case 'dspnet':
      return dspnet(methodOptions);
    case 'qnet':
      return qnet(methodOptions);
    case 'rpt':
      return rpt(methodOptions);
  }
}

/** The model of one arm: with JAPC around its method, or without. */
export function buildModel(config: ModelConfig, calibrated: boolean): Model {
  const backbone = buildBackbone(config);
  const method = buildMethod(calibrated ? asReleased(config) : config, backbone);
  return { backbone, method: calibrated ? japc(method, config.japc) : method };
}

/** The published JAPC program answers nothing for a rater without a filled cell; here the mean feature takes over. */
function asReleased(config: ModelConfig): ModelConfig {
  const { method, methodOptions, japc: options } = config;
  if (options.preset !== 'released' || (method !== 'alpnet' && method !== 'dspnet')) return config;
  return { ...config, methodOptions: { emptyGrid: 'none', ...methodOptions } } as ModelConfig;
}
