package dev.millrace.verify.books;

/**
 * The topics of one join by their names in the cluster, to say where an event is.
 *
 * @param partition of exposures and clicks; examples have one only
 */
record Places(String exposures, String clicks, String examples, int partition) {

    Place of(Shown exposure) {
        return new Place(exposures, partition, exposure.offset());
    }

    Place of(Acted click) {
        return new Place(clicks, partition, click.offset());
    }

    Place of(Made example) {
        return new Place(examples, 0, example.offset());
    }
}
