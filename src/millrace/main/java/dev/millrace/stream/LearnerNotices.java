package dev.millrace.stream;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.Symptom;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log lines about a learner: one when something begins or ends, none while it lasts. */
final class LearnerNotices {

    /** Why nothing is published while the learner is behind. */
    static final String BEHIND = "the learner is catching up with the log";

    private static final Logger LOG = LoggerFactory.getLogger(LearnProcessor.class);

    private Optional<String> lastWithheld = Optional.empty();
    private Set<Symptom> lastAlarms = Set.of();

    /** Takes why vectors are withheld now; absent if they are published. */
    void withheld(Optional<String> why) {
        Optional<String> reason = why.filter(given -> !given.equals(BEHIND));
        if (why.isPresent() && reason.isEmpty() && lastWithheld.isEmpty()) {
            LOG.info("Catching up with the log; publication starts afterwards");
        } else if (reason.isPresent()
                && lastWithheld.filter(before -> !before.equals(BEHIND)).isEmpty()) {
            LOG.atError().addKeyValue("why", reason.get()).log("Publication withheld; only deletions are sent");
        } else if (why.isEmpty() && lastWithheld.isPresent()) {
            LOG.info("Publication is no longer withheld; publishing everything");
        }
        lastWithheld = why;
    }

    /** Takes the alarms of the last commit. */
    void alarms(List<Alarm> alarms) {
        Set<Symptom> active = EnumSet.noneOf(Symptom.class);
        for (Alarm alarm : alarms) {
            if (alarm.isActive()) {
                active.add(alarm.kind());
            }
            if (alarm.isActive() != lastAlarms.contains(alarm.kind())) {
                LOG.atWarn()
                        .addKeyValue("alarm", alarm.kind().text())
                        .addKeyValue("value", alarm.value())
                        .addKeyValue("limit", alarm.limit())
                        .addKeyValue("cause", alarm.kind().cause())
                        .log(alarm.isActive() ? "The model is beyond a limit" : "The model is within a limit again");
            }
        }
        lastAlarms = active;
    }

    void refused(long step, String message) {
        LOG.atWarn()
                .addKeyValue("step", step)
                .addKeyValue("found", message)
                .log("Refused a step that would have harmed the model");
    }

    void complete(String generation, long step, boolean isPromoted) {
        LOG.atInfo()
                .addKeyValue("generation", generation)
                .addKeyValue("step", step)
                .log("All items published" + (isPromoted ? "; the generation answers now" : ""));
    }
}
