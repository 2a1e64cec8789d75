package dev.millrace.serve;

import dev.millrace.access.Operations;
import dev.millrace.experiment.Experiment;
import dev.millrace.operation.Operator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Keeps what was ordered, and carries out nothing. */
final class FakeOperations implements Operations {

    private final List<String> orders = Collections.synchronizedList(new ArrayList<>());
    private volatile Optional<RuntimeException> failure = Optional.empty();

    /** What was ordered, and by whom. */
    List<String> orders() {
        return List.copyOf(orders);
    }

    /** From now on every order fails. */
    void failWith(RuntimeException thrown) {
        failure = Optional.of(thrown);
    }

    /** From now on every order is taken again. */
    void succeed() {
        failure = Optional.empty();
    }

    @Override
    public Change promote(Operator operator, String generation) {
        take("promote " + generation, operator);
        Optional<String> note = Optional.of("a note").filter(any -> generation.equals("g-with-note"));
        return new Change(generation, Optional.of("g1"), note);
    }

    @Override
    public Change rollBack(Operator operator) {
        take("roll back", operator);
        return new Change("g0", Optional.of("g1"));
    }

    @Override
    public Experiment startExperiment(
            Operator operator, String name, String control, String treatment, Experiment.Plan plan) {
        take("try " + treatment + " beside " + control + " as " + plan, operator);
        return Experiment.started(name, control, treatment, "salt", plan, 1);
    }

    @Override
    public Experiment stopExperiment(Operator operator, String name) {
        take("stop " + name, operator);
        Experiment.Plan plan =
                new Experiment.Plan("click", 0.02, 0.05, List.of(10.0), Duration.ofHours(1), Duration.ofMinutes(10));
        return Experiment.started(name, "g1", "g2", "salt", plan, 1).ended(Experiment.Result.STOPPED, 2, "enough");
    }

    @Override
    public String erase(Operator operator, String user) {
        take("erase " + user, operator);
        return "sha256:of " + user;
    }

    private void take(String order, Operator operator) {
        failure.ifPresent(thrown -> {
            throw thrown;
        });
        orders.add(order + " by " + operator.name() + " by " + operator.means() + " from " + operator.address());
    }
}
