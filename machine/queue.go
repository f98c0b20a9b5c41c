package machine

const defaultMaxWaiting = 100

// checkQueue refuses an operation that would have to wait behind too many
// others: nobody wants the hundredth backup of the same server, and each costs
// rows, a place in every listing, and time at every start. The caller holds mu.
func (e *engine) checkQueue(r *run) error {
	if len(e.queue) < e.maxWaiting || e.admits(r) {
		return nil
	}
	return refuse(Unavailable, "%d operations are waiting already, as many as max_waiting allows: "+
		"wait until they have run, cancel some, or raise max_waiting", len(e.queue))
}
