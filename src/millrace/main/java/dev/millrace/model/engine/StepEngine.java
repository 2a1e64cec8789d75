package dev.millrace.model.engine;

/**
 * What computes the learning steps of one model: its products, the threads that share its loops, and those that read its rows.
 *
 * @param team of this model alone, as many as there are cores for it
 * @param readers of this model alone, which mostly wait
 */
public record StepEngine(Engine kind, Team team, Team readers) implements AutoCloseable {

    /** An engine on the caller's thread alone. */
    public static StepEngine alone(Engine kind) {
        return new StepEngine(kind, Team.alone(), Team.alone());
    }

    /** Products of learning steps, called by the thread that shares its loops with the team. */
    public Products products() {
        return kind.products(team);
    }

    /** Ends the threads. */
    @Override
    public void close() {
        team.close();
        readers.close();
    }
}
