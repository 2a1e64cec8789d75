package dev.millrace.workshop.evaluate;

/** A baseline that can be scored beside the model. */
public enum Rival {
    item_knn;

    /** The name on the command line and in a report. */
    @Override
    public String toString() {
        return name().replace('_', '-');
    }
}
