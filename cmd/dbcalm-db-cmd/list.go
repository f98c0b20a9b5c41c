package main

// notNil makes an empty list [] in JSON, where nil would be null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
