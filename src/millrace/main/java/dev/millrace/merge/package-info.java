/**
 * One model from several learners. Shards learn from users of their own and send what they changed; a base adds it up, examines and publishes.
 */
@NullMarked
package dev.millrace.merge;

import org.jspecify.annotations.NullMarked;
