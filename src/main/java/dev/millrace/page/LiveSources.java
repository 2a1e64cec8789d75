package dev.millrace.page;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.follow.ServedState;
import java.util.OptionalDouble;

/**
 * Where the figures of the page come from.
 *
 * @param state what the server answers from
 * @param progress what the parts of the trainer say of themselves
 * @param inputs what may be wrong with the events
 * @param popularityWeight of questions that give none; absent for the learned one
 */
public record LiveSources(
        ServedState state, ProgressWatch progress, InputAlarms inputs, OptionalDouble popularityWeight) {}
