import type { SpotZoneModel } from './types.ts';

/**
 * Kinds of spot zones seen on AWS: K80 and V100 GPUs in us-west-2a, October 2022, and V100 in nine zones, February 2023; 45,000
 * looks ten minutes apart. Fitted by {@link fitSpotZones} with its defaults, rounded to four digits (`npm run bench -- deadline --fit`).
 * Other providers and devices differ: fit your own where you have histories.
 *
 * Source of the histories: Wu et al., "Can't Be Late: Optimizing Spot Instance Savings under Deadlines", NSDI 2024,
 * github.com/skypilot-org/spot-traces at 221da1ab9bdf.
 */
export const SPOT_ZONES: SpotZoneModel = {
  tickMs: 600_000,
  kinds: [
    {
      weight: 0.2473,
      start: [0.06486, 0.2275, 0.04783, 0.6598],
      transition: [
        [0.7408, 0.00993, 0.1491, 0.1001],
        [0.002176, 0.9596, 0.01222, 0.02603],
        [0.2578, 0.06885, 0.6663, 0.00711],
        [0.01516, 0.003489, 0.0006971, 0.9807],
      ],
    },
    {
      weight: 0.1396,
      start: [0.3609, 0.04532, 0.1225, 0.4713],
      transition: [
        [0.7525, 0.007824, 0.09592, 0.1438],
        [0.004603, 0.9638, 0.02455, 0.007012],
        [0.2399, 0.2129, 0.5319, 0.01522],
        [0.06156, 0.009316, 0.004054, 0.9251],
      ],
    },
    {
      weight: 0.2193,
      start: [0.0177, 0.6235, 0.3281, 0.03072],
      transition: [
        [0.6549, 0.01933, 0.2046, 0.1211],
        [0.001979, 0.979, 0.006716, 0.01235],
        [0.2758, 0.2157, 0.497, 0.01151],
        [0.01679, 0.03732, 0.003068, 0.9428],
      ],
    },
    {
      weight: 0.09116,
      start: [0.03724, 0.2961, 0.1956, 0.471],
      transition: [
        [0.5809, 0.009475, 0.3094, 0.1002],
        [0.01362, 0.9239, 0.04513, 0.01738],
        [0.3219, 0.0955, 0.5656, 0.01698],
        [0.03221, 0.0029, 0.002272, 0.9626],
      ],
    },
    {
      weight: 0.1362,
      start: [0.02686, 0.5995, 0.09858, 0.275],
      transition: [
        [0.5833, 0.03428, 0.04361, 0.3388],
        [0.0007836, 0.9906, 0.007835, 0.0008004],
        [0.0377, 0.6028, 0.3076, 0.05186],
        [0.1585, 0.01317, 0.005816, 0.8225],
      ],
    },
    {
      weight: 0.1665,
      start: [0.02321, 0.8685, 0.02067, 0.08766],
      transition: [
        [0.7331, 0.029, 0.2345, 0.00343],
        [0.0009057, 0.9927, 0.005971, 0.0004398],
        [0.3515, 0.1634, 0.4827, 0.00253],
        [0.0001274, 0.01804, 0.0001835, 0.9817],
      ],
    },
  ],
};
