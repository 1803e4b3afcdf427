" Vim syntax of gdl, the language of gdlc. The words are those of lang/*.def and of the checker's tables; a test holds them together.
if exists("b:current_syntax")
  finish
endif

syn keyword gdlStatement let var param repeat claim break assume on of
syn keyword gdlConstant true false pi
syn keyword gdlRep scalar sign pseudoscalar vector pseudovector regular perm quotient irrep dual
syn keyword gdlRep sym2 alt2 spherical C D SO O SU set labels line cycle grid torus orbits mesh
syn keyword gdlRep sphere hyperbolic point tangent translations label graph
syn keyword gdlWord linear conv conv_transpose upsample max_pool mean_pool batch_norm layer_norm
syn keyword gdlWord dropout norm dot invariants group_pool split part scale where sum mean max min
syn keyword gdlWord softmax scan tensor couple degree orbit complete causal grad symmetrize restrict
syn keyword gdlWord components assemble copies range cross_entropy accuracy top mse mae rmse huber
syn keyword gdlWord harmonics cross neighbors periodic nearest displacement edges transport
syn keyword gdlWord direction length distance expmap logmap centroid minkowski
syn keyword gdlFunction tanh sin asinh abs square cos sinc relu leaky_relu elu silu gelu softplus
syn keyword gdlFunction sigmoid exp log sqrt

" what opens a declaration is a name elsewhere
syn match gdlDeclaration /^\(use\|group\|rep\|domain\|layer\|model\|kernel\|train\)\>/
syn match gdlDeclaration /\(=\s*\)\@<=\(matrices\|permutations\|algebra\)\>\(\s*{\)\@=/
syn match gdlDeclaration /\(}\s*\)\@<=components\>\(\s*{\)\@=/
syn match gdlKind /\(:\s*\)\@<=\(int\|number\|flag\|text\|list\|rep\|group\|domain\|layer\)\>/

" a word before a colon is the name of an argument; keywords of Vim come first
syn match gdlArgument /\<\h\w*\>\(\s*:\)\@=/

" settings and their words, in a train block alone
syn region gdlTrain matchgroup=gdlDeclaration start=/^train\>/ end=/^}/ transparent fold contains=TOP,gdlDeclaration
syn match gdlSetting /^\s\+\(data\|valid\|test\|loss\|metric\|optimizer\|augment\|batch\|epochs\|steps\|seed\|clip\|average\|stop\|precision\|checkpoint\|start\)\>\(\s*=\)\@=/ contained containedin=gdlTrain
syn keyword gdlTrainWord contained containedin=gdlTrain idx npy npz xyz csv off bytes relation
syn keyword gdlTrainWord contained containedin=gdlTrain shared adam adamw sgd warmup ramp cosine
syn keyword gdlTrainWord contained containedin=gdlTrain staircase patience weights data_mean
syn keyword gdlTrainWord contained containedin=gdlTrain data_rms f32 f64

syn match gdlNumber /\<\d\+\(\.\d\+\)\?\(e-\?\d\+\)\?\>/
syn match gdlIrrep /\<\(\d\+x\)\?\d\+[eo]\>\(-\d\)\@!/
syn match gdlHole /\<_\>/
syn match gdlOperator /|>\|->\|[=!<>]=\|[-+*\/^=<>]/
syn match gdlEscape /\\["\\n]/ contained
syn region gdlText start=/"/ skip=/\\./ end=/"/ oneline contains=gdlEscape
syn keyword gdlTodo TODO FIXME XXX contained
syn match gdlComment /\/\/.*$/ contains=gdlTodo,@Spell

syn sync fromstart

hi def link gdlStatement Statement
hi def link gdlDeclaration Keyword
hi def link gdlConstant Constant
hi def link gdlRep Type
hi def link gdlKind StorageClass
hi def link gdlWord Function
hi def link gdlFunction Function
hi def link gdlArgument Identifier
hi def link gdlSetting PreProc
hi def link gdlTrainWord Special
hi def link gdlNumber Number
hi def link gdlIrrep Number
hi def link gdlHole Special
hi def link gdlOperator Operator
hi def link gdlEscape SpecialChar
hi def link gdlText String
hi def link gdlTodo Todo
hi def link gdlComment Comment

let b:current_syntax = "gdl"
