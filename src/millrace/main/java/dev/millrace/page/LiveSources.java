package dev.millrace.page;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.follow.ServedState;
import dev.millrace.follow.TopicView;
import dev.millrace.operation.OperatorAction;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.wire.ServingProgress;
import java.util.Collection;
import java.util.function.Supplier;

/**
 * Where the figures of the page come from.
 *
 * @param bootstrapServers of the cluster, for the commands that the page shows
 * @param state what the server answers from
 * @param progress what the parts of the trainer say of themselves
 * @param audits what was verified, and by whom
 * @param served what servers tell of their answers
 * @param inputs what may be wrong with the events
 * @param weights beside cos / τ of questions that give none
 */
public record LiveSources(
        String bootstrapServers,
        ServedState state,
        ProgressWatch progress,
        TopicView<OperatorAction.Kind, OperatorAction> audits,
        Supplier<Collection<ServingProgress>> served,
        InputAlarms inputs,
        GivenWeights weights) {}
