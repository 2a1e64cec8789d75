package dev.millrace.serve;

import dev.millrace.access.Operations;
import dev.millrace.operation.Operator;
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

    @Override
    public Change promote(Operator operator, String generation) {
        take("promote " + generation, operator);
        return new Change(generation, Optional.of("g1"));
    }

    @Override
    public Change rollBack(Operator operator) {
        take("roll back", operator);
        return new Change("g0", Optional.of("g1"));
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
