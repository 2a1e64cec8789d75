package dev.millrace.model.engine;

/**
 * What computes the learning steps of one model: its products, and the threads that share its loops.
 *
 * @param team of this model alone
 */
public record StepEngine(Engine kind, Team team) implements AutoCloseable {

    /** An engine on the caller's thread alone. */
    public static StepEngine alone(Engine kind) {
        return new StepEngine(kind, Team.alone());
    }

    /** Products of learning steps, called by the thread that shares its loops with the team. */
    public Products products() {
        return kind.products(team);
    }

    /** Ends the team's threads. */
    @Override
    public void close() {
        team.close();
    }
}
