export { loadAzureConversation } from './azure-llm.ts';
export { loadCarbon } from './carbon.ts';
export { loadOpenB, openbArrivals, openbShuffledNodes, openbWorkload } from './openb.ts';
export type { OpenB } from './openb.ts';
