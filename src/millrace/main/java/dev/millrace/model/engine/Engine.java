package dev.millrace.model.engine;

import dev.millrace.settings.SettingsReader;

/** What computes the products of a learning step. All other passes are on the heap, whatever the engine. */
public enum Engine {
    /** On the heap, in the Vector API. */
    VECTOR,
    /** By ND4J's OpenBLAS. */
    ND4J;

    /** The module of Java that holds the Vector API. */
    public static final String VECTOR_API = "jdk.incubator.vector";

    public static Engine read(SettingsReader reader) {
        Engine engine = reader.choice(
                "model.engine: engine of the matrix products of a learning step: the Vector API, with the same bits "
                        + "on any machine, or ND4J's OpenBLAS",
                VECTOR);
        if (engine == ND4J) {
            NativeEngine.faults(System.getenv()).forEach(rule -> reader.require(false, "model.engine", "nd4j", rule));
        }
        return engine;
    }

    /**
     * Products of learning steps, for one thread.
     *
     * @param team may share the work of a product
     */
    public Products products(Team team) {
        return switch (this) {
            case VECTOR -> new PanelProducts(Warmth::tile, team);
            case ND4J -> new BlasProducts(); // its bits depend on the whole shape, so its products are not cut
        };
    }

    /** Products of all other passes, for one thread: the bits of a row depend on no other row. */
    public static Products ofRows() {
        return ofRows(Team.alone());
    }

    /** As {@link #ofRows()}; the team may share the work of a product. */
    public static Products ofRows(Team team) {
        return new PanelProducts(Warmth::tile, team);
    }
}
