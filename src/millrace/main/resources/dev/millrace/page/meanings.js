// What the names mean that come from the topics: outcomes, reasons and measures. A test compares the names with those that the server has.
import { count, isNumber, percent, significant } from './text.js';

const factor = value => (isNumber(value) ? `× ${significant(value)}` : '–');
const unknown = what => `${what} that this page does not know: a later version wrote it.`;
const known = (meanings, name, what) => (Object.hasOwn(meanings, name) ? meanings[name] : unknown(what));

const OUTCOMES = {
  'attributed': 'Clicks that were joined to their exposure. Each is a training example, counted again under training-examples.',
  'capped': 'Clicks of users whose examples have counted so much of late that one more makes none. Examples that count little, of items that nobody announced, where the draw did not take them.',
  'late': 'Clicks that came after the window of their exposure. They are not learnt.',
  'late-attributed': 'Clicks that came after the window of their exposure, and are learnt all the same (attribution.late).',
  'orphan': 'Clicks for which no exposure came in time. They are not learnt.',
  'orphan-attributed': 'Clicks for which no exposure came in time, and which are learnt all the same.',
  'hidden': 'Clicks that hid their item from their user (attribution.negative-actions). Each is a negative example, counted again under training-examples.',
  'hidden-capped': 'Clicks that hid their item, of users whose examples have counted so much of late that one more makes none.',
  'unhidden': 'Clicks that brought a hidden item back (attribution.undo-actions).',
  'repeated-action': 'Clicks with an action that this exposure has had before.',
  'untrained-action': 'Clicks with an action that no setting names.',
  'clicked': 'Exposures whose window ended with an action.',
  'unclicked': 'Exposures whose window ended without an action.',
  'experiment': 'No exposures, but states of experiments, which Millrace itself writes to each partition.',
  'applied': 'Profiles or items that took effect.',
  'outdated': 'Profiles that were older than the one that is known.',
  'removed': 'Removals of a user or an item: records without a value.',
  'unchanged': 'Profiles that were the same as before.',
  'duplicate': 'Events whose id was seen before. Each event counts once.',
  'erased': 'Events of a user who was removed while they waited.',
  'mapped': 'It became events.',
  'left-out': 'It says nothing new, or nothing that is an event.',
  'rejected': 'Events that could not be used. They are in dead-letters.',
  'before-start': 'Examples whose whole batch is from before learn.from: counted, not learnt.',
  'catalogue-change': 'Changes of items that were taken into a step.',
  'examined': 'Examples that were ranked only, and not learnt.',
  'learnt': 'Examples that a learning step was made of.',
  'refused': 'Examples of a step that would have harmed the model: it was not taken.',
  'removed-item': 'Examples whose item had left the catalogue before they were learnt.',
  'user-removal': 'Removals of users that were taken into a step.',
  'without-positives': 'Exposures without a click, and hidden items, in a step that had no click: not learnt.',
};

const REASONS = {
  'cut weight': 'Their weight was larger than attribution.max-weight, and counts as that.',
  'full': 'Their user hid more than there is room for, so the item hidden longest ago came back.',
  'not hidden': 'Their item was not hidden.',
  'undecodable': 'The bytes are no value of the topic.',
  'unknown-schema': 'The bytes name a schema that is not known.',
  'null-value': 'The record has no value, in a topic where this does not mean a removal.',
  'bad-key': 'The key is not the id by which the event is partitioned.',
  'bad-partition': 'The record is not in the partition of its key: its producer has another partitioner than murmur2.',
  'misplaced-removal': 'A removal that is not in the partition of its key. Nothing was removed.',
  'bad-id': 'The event\'s own id breaks a rule.',
  'bad-user': 'The user\'s id breaks a rule.',
  'bad-item': 'The item\'s id breaks a rule.',
  'bad-exposure': 'The id of the exposure that a click names breaks a rule.',
  'bad-generation': 'The name of the generation that an exposure brings breaks a rule.',
  'bad-answer': 'The answer that an exposure names breaks the rule of ids, or has no place.',
  'bad-place': 'The place of an exposure in its answer is below 1, or names no answer.',
  'bad-action': 'The name of the action breaks a rule.',
  'bad-weight': 'The weight is out of range.',
  'bad-time': 'The time is out of range.',
  'bad-value': 'A number among the features is out of range.',
  'bad-component': 'A component of a vector among the features is out of range.',
  'unknown-experiment': 'The record refers to a state of an experiment that never took effect.',
  'refused-step': 'A learning step that was not taken, as it would have harmed the model. The letter names its mini-batch.',
  'too-large': 'The features are more, or larger, than the settings allow.',
};

const MEASURES = {
  'embedding-collapse': { shows: significant, says: 'Mean cosine of two items of a sample, from -1 to 1. Near 1 all vectors point one way. Alarm above the limit.' },
  'norm-drift': { shows: factor, says: 'Mean length of items\' vectors before normalisation, as a multiple of its first value. Alarm above the limit, or below its inverse.' },
  'masked-logits': { shows: percent, says: 'Share of the logits of a batch that are masked, as their item is one of the user\'s own. Alarm above the limit.' },
  'repeated-items': { shows: percent, says: 'Share of the examples of a batch whose item an earlier example of it has. Alarm above the limit.' },
  'saturated-probability': { shows: significant, says: 'Median of the sampling probability that is estimated for a clicked item, from 0 to 1. Alarm above the limit: the correction for popularity is useless.' },
  'gradient-norm': { shows: factor, says: 'Mean length of the gradient of the networks, as a multiple of its trend. Alarm above the limit: the input has changed.' },
  'recall-below-popularity': { shows: factor, says: 'Recall of the model as a multiple of that of popularity, in the latest exams. Alarm below the limit: the model is worse than popularity alone.' },
  'vector-age': { shows: factor, says: 'Age of the oldest published vector, as a multiple of what its bound allows. Alarm above the limit.' },
  'far-items': { shows: percent, says: 'Share of items whose time is more than a week ahead, of those that are there or wait. Alarm above the limit: times are wrong, or of another unit.' },
  'orphan-clicks': { shows: percent, says: 'Share of the last hundred clicks that found no exposure. Alarm above the limit.' },
  'late-clicks': { shows: percent, says: 'Share of the last hundred clicks that came after the window of their exposure. Alarm above the limit.' },
  'cut-weights': { shows: percent, says: 'Share of the last hundred clicks that weigh more than attribution.max-weight, and count as that. Alarm above the limit.' },
  'misplaced-records': { shows: count, says: 'Records since the beginning that were rejected for their partition. Alarm until a thousand in a row were in place.' },
  'misplaced-removals': { shows: count, says: 'Removals of users and items since the beginning that were rejected for their partition, so nothing was removed. Alarm above the limit.' },
};

const TOPICS = {
  'exposures': 'Who was shown what.',
  'clicks': 'Who did what with which item.',
  'users': 'Profiles of users, and removals.',
  'items': 'The catalogue: items, and removals.',
  'training-examples': 'What attribution hands to the learner: joined clicks, and changes of the catalogue.',
  'mini-batches': 'What a learner from the log has read of the batches.',
};

/** An outcome of the books; a reason behind a colon is explained too. */
export function outcomeSays(outcome) {
  const [name, reason] = outcome.split(': ');
  const says = known(OUTCOMES, name, 'An outcome');
  return reason === undefined ? says : `${says} ${Object.hasOwn(REASONS, reason) ? REASONS[reason] : `The reason: ${reason}.`}`;
}

export const reasonSays = reason => known(REASONS, reason, 'A reason');
export const topicSays = topic => (topic.startsWith('map:') ? 'Records of a topic of your own, which millrace map makes events of.' : known(TOPICS, topic, 'A topic'));

/** How a measure of an alarm is shown, and what it is. */
export const measure = kind => (Object.hasOwn(MEASURES, kind) ? MEASURES[kind] : { shows: significant, says: unknown('A measure') });
