package dev.millrace.experiment;

import java.util.Collection;
import java.util.List;

/**
 * What all servers told of the answers to each arm.
 *
 * @param latest window of each server, added up
 * @param windows the latest, merged, newest first
 */
public record AnswerHistory(AnswerWindow latest, List<AnswerWindow> windows) {

    public static final AnswerHistory NONE = of(List.of(), List.of());

    /**
     * @param latest window of each server
     * @param all windows of all servers
     */
    public static AnswerHistory of(Collection<AnswerWindow> latest, Collection<AnswerWindow> all) {
        return new AnswerHistory(
                latest.stream().reduce(AnswerWindow.empty(), AnswerWindow::plus), AnswerWindow.merged(all));
    }
}
