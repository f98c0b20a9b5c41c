package steps

import (
	"errors"
	"io/fs"
)

// Check is one thing that was looked at.
type Check struct {
	// About says what, OK whether it is in order.
	About string `json:"about"`
	OK    bool   `json:"ok"`
	// Note tells of one that is not in order and stands in nobody's way.
	Note bool `json:"note,omitempty"`
	// Unknown tells of one that could not be made; it is not OK.
	Unknown bool `json:"unknown,omitempty"`
	// Detail is what was found, or what is wrong and what to do.
	Detail string `json:"detail"`
}

// NewCheck returns the check of a thing that err is what is wrong with. Where
// access was refused, nothing is known of the thing itself.
func NewCheck(about string, err error, detail string) Check {
	switch {
	case err == nil:
		return Check{About: about, OK: true, Detail: detail}
	case errors.Is(err, fs.ErrPermission):
		return NotChecked(about, err.Error()+": run this as root, or as the user that the daemon runs as")
	}
	return Check{About: about, Detail: err.Error()}
}

// NotChecked returns a check that could not be made.
func NotChecked(about, why string) Check {
	return Check{About: about, Unknown: true, Detail: "not looked at: " + why}
}

// Noted returns a check of something that is worth knowing and no fault.
func Noted(about, detail string) Check { return Check{About: about, Note: true, Detail: detail} }

// look notes one thing and reports whether it is in order.
func (p *Plan) look(about string, err error, detail string) bool {
	f := Check{About: about, OK: err == nil, Detail: detail}
	if err != nil {
		f.Detail = err.Error()
	}
	p.Checks = append(p.Checks, f)
	return f.OK
}
