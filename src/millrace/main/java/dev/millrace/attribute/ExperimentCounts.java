package dev.millrace.attribute;

import dev.millrace.event.Exposure;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Per;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.experiment.UserCounts;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the users of one partition do in the latest experiment.
 *
 * <p>An exposure remembers where it was counted: 16 times the number of experiments so far, and the number of the stage, from 1. So a click counts where its
 * exposure did, whatever stage or experiment has begun since. One thread.
 */
final class ExperimentCounts {

    private static final int STAGES = 16; // more than an experiment may have

    private final EntryCache entries;
    private final Form.Writer writer = new Form.Writer();
    private final StoredFields stored = new StoredFields(this::fields);
    private Optional<Experiment> latest = Optional.empty();
    private ExperimentSums sums = new ExperimentSums();
    private int experiments;
    private long order = -1; // of the latest state

    ExperimentCounts(EntryCache entries) {
        this.entries = entries;
    }

    Optional<Experiment> latest() {
        return latest;
    }

    ExperimentSums sums() {
        return sums;
    }

    /**
     * Takes a state of an experiment. One that came before changes nothing: each may be sent again.
     *
     * @param number offset of its fact: states are in that order
     */
    void take(Experiment state, long number) {
        if (number <= order) {
            return;
        }
        order = number;
        if (latest.isEmpty() || !state.isSameAs(latest.get())) {
            sums = new ExperimentSums();
            experiments++;
        }
        latest = Optional.of(state);
        stored.change();
    }

    /** Counts an exposure. Returns where; 0 if no experiment counts it. */
    int expose(Exposure exposure, long number) {
        Optional<Experiment> running = running(Per.EXPOSURE);
        if (running.isEmpty()) {
            return 0;
        }
        Experiment experiment = running.get();
        byte[] key = EntryKeys.of(EntryKeys.IN_EXPERIMENT, number);
        UserCounts counts = counts(key).orElseGet(() -> new UserCounts(experiments));
        Arm arm = experiment.arm(exposure.user());
        if (!sums.expose(arm, experiment.stage(), counts)) {
            return 0;
        }
        exposure.generation()
                .ifPresent(
                        shown -> sums.show(arm, experiment.stage(), counts, shown.equals(experiment.generation(arm))));
        put(key, counts);
        return experiments * STAGES + experiment.stage() + 1;
    }

    /** Counts an action on an exposure where that was counted. */
    void act(long number, int counted, String action) {
        if (latest.isEmpty() || counted / STAGES != experiments || counted == 0) {
            return;
        }
        int stage = counted % STAGES - 1;
        byte[] key = EntryKeys.of(EntryKeys.IN_EXPERIMENT, number);
        counts(key).ifPresent(counts -> counts.arm(stage).ifPresent(arm -> act(key, counts, arm, stage, action)));
    }

    /** Counts an action by itself, in the stage that the experiment is in. */
    void act(String user, long number, String action) {
        running(Per.USER).ifPresent(experiment -> {
            byte[] key = EntryKeys.of(EntryKeys.IN_EXPERIMENT, number);
            UserCounts counts = counts(key).orElseGet(() -> new UserCounts(experiments));
            act(key, counts, experiment.arm(user), experiment.stage(), action);
        });
    }

    private void act(byte[] key, UserCounts counts, Arm arm, int stage, String action) {
        boolean isGoal =
                latest.filter(one -> one.plan().action().equals(action)).isPresent();
        sums.act(arm, stage, counts, action, isGoal);
        put(key, counts);
    }

    private Optional<Experiment> running(Per per) {
        return latest.filter(one -> one.isRunning() && one.plan().per() == per);
    }

    void forget(long number) {
        if (latest.isPresent()) {
            entries.delete(EntryKeys.of(EntryKeys.IN_EXPERIMENT, number));
        }
    }

    void restore(byte[] value) {
        stored.restore(value);
    }

    void drain(EntrySink sink) {
        stored.drain(EntryKeys.EXPERIMENT, sink);
    }

    private Optional<UserCounts> counts(byte[] key) {
        return entries.get(key, UserCounts::decoded).filter(counts -> counts.isOf(experiments));
    }

    private void put(byte[] key, UserCounts counts) {
        entries.putLate(key, counts, counts.bytes(), changed -> writer.written(changed::fields));
        stored.change();
    }

    private void fields(Form form) {
        experiments = form.integer(experiments);
        latest = Optional.of(
                Experiment.ofLines(form.text(latest.map(Experiment::lines).orElse(""))));
        order = form.longInteger(order);
        SortedMap<String, Long> named = form.isRead() ? new TreeMap<>() : sums.byName();
        int count = form.count(named.size());
        if (form.isRead()) {
            for (int at = 0; at < count; at++) {
                named.put(form.text(""), form.longInteger(0));
            }
            sums = new ExperimentSums(named);
        } else {
            named.forEach((name, sum) -> {
                form.text(name);
                form.longInteger(sum);
            });
        }
    }
}
